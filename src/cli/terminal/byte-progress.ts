import { progressLine, type ProgressLine } from "./show-progress";
import type { Terminal } from "./terminal";
import { bytes } from "./text-layout";

/** Progress in bytes on standard error: a bar on a terminal, otherwise a line from time to time. */
export interface ByteProgress extends Pick<ProgressLine, "print" | "stop"> {
  readonly update: (done: number, total: number | undefined) => void;
}

/** @param what - the work, such as `Sending` */
export function byteProgress(terminal: Terminal, what: string): ByteProgress {
  const { update, print, stop } = progressLine(terminal);
  return {
    update: (done, total) => {
      const words = `${what}: ${bytes(done)}${total === undefined ? "" : ` of ${bytes(total)}`}`;
      update(total === undefined ? 0 : total === 0 ? 1 : done / total, words);
    },
    print,
    stop,
  };
}
