const write = process.stderr.write.bind(process.stderr); // bound before outputs of cells are redirected
let isReported = false;

/**
 * Reports once per kernel that a message was ignored. Writes to the process's own standard error, which the program
 * that started the kernel reads and no cell shows. Any local user can send any number of such messages.
 */
export function reportStranger(error: unknown): void {
  if (isReported) return;
  isReported = true;
  const why = error instanceof Error ? error.message : String(error);
  write(`The kernel ignored a message: ${why} Further ones are ignored without notice.\n`);
}
