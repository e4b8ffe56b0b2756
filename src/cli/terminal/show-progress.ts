import { LiveBar } from "./live-bar";
import { grouped } from "./text-layout";
import type { Terminal } from "./terminal";

const LINE_EVERY_MS = 10_000;

/** Progress on standard error: a bar on a terminal, otherwise a line from time to time. */
export interface CountProgress {
  readonly update: (done: number, total: number) => void;
  readonly stop: () => void;
}

/**
 * @param what - the work, such as `Evaluating`
 * @param unit - of the counts
 */
export function countProgress(terminal: Terminal, what: string, unit = "texts"): CountProgress {
  const started = performance.now();
  let bar: LiveBar | undefined;
  let printed = started;
  return {
    update: (done, total) => {
      const now = performance.now();
      const words = `${what}: ${grouped(done)} of ${grouped(total)} ${unit}`;
      if (terminal.liveErr === true) {
        bar ??= new LiveBar(terminal.err);
        bar.update(total === 0 ? 1 : done / total, words);
      } else if (now - printed > LINE_EVERY_MS) {
        printed = now;
        terminal.err.write(`${words}\n`);
      }
    },
    stop: () => bar?.stop(),
  };
}
