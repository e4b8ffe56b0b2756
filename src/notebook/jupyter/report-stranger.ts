const write = process.stderr.write.bind(process.stderr); // before cells' outputs are sent elsewhere
let isReported = false;

/**
 * Reports, once in a kernel's life, that a message was ignored: on the process's own standard error, which whoever
 * started the kernel sees and no cell does. Anybody on this machine can send such messages, any number of them.
 */
export function reportStranger(error: unknown): void {
  if (isReported) return;
  isReported = true;
  write(
    `The kernel ignored a message: ${error instanceof Error ? error.message : String(error)} Further ones are ignored without notice.\n`,
  );
}
