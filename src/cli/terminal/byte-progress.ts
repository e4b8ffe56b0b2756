import { LiveBar } from "./live-bar";
import type { Terminal } from "./terminal";
import { bytes } from "./text-layout";

const LINE_EVERY_MS = 10_000;

/** Progress in bytes on standard error: a bar on a terminal, otherwise a line from time to time. */
export interface ByteProgress {
  readonly update: (done: number, total: number | undefined) => void;
  /** Prints a line above the bar. */
  readonly print: (line: string) => void;
  readonly stop: () => void;
}

/** @param what - the work, such as `Sending` */
export function byteProgress(terminal: Terminal, what: string): ByteProgress {
  let bar: LiveBar | undefined;
  let printed = performance.now();
  return {
    update: (done, total) => {
      const now = performance.now();
      const words = `${what}: ${bytes(done)}${total === undefined ? "" : ` of ${bytes(total)}`}`;
      if (terminal.liveErr === true) {
        bar ??= new LiveBar(terminal.err);
        bar.update(total === undefined ? 0 : total === 0 ? 1 : done / total, words);
      } else if (now - printed > LINE_EVERY_MS) {
        printed = now;
        terminal.err.write(`${words}\n`);
      }
    },
    print: (line) => {
      if (bar === undefined) terminal.err.write(`${line}\n`);
      else bar.print(line);
    },
    stop: () => {
      bar?.stop();
      bar = undefined;
    },
  };
}
