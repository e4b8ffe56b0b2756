import { LiveBar } from "./live-bar";
import { grouped } from "./text-layout";
import type { Terminal } from "./terminal";

const LINE_EVERY_MS = 10_000;

/** One line of progress on standard error. */
export interface ProgressLine {
  /** @param share - done, from 0 to 1 */
  readonly update: (share: number, words: string) => void;
  /** Prints a text above the bar, on lines of its own. */
  readonly print: (text: string) => void;
  /** Removes the bar. */
  readonly stop: () => void;
}

/**
 * Shows progress as a bar on a terminal, otherwise as a line from time to time.
 *
 * @param options.atOnce - whether the first line is printed at once
 */
export function progressLine(terminal: Terminal, { atOnce = false }: { readonly atOnce?: boolean } = {}): ProgressLine {
  let bar: LiveBar | undefined;
  let printed = atOnce ? -Infinity : performance.now();
  return {
    update: (share, words) => {
      if (terminal.liveErr === true) {
        bar ??= new LiveBar(terminal.err);
        bar.update(share, words);
      } else if (performance.now() - printed > LINE_EVERY_MS) {
        printed = performance.now();
        terminal.err.write(`${words}\n`);
      }
    },
    print: (text) => {
      if (bar === undefined) terminal.err.write(`${text}\n`);
      else bar.print(text);
    },
    stop: () => {
      bar?.stop();
      bar = undefined;
    },
  };
}

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
  const line = progressLine(terminal);
  return {
    update: (done, total) =>
      line.update(total === 0 ? 1 : done / total, `${what}: ${grouped(done)} of ${grouped(total)} ${unit}`),
    stop: line.stop,
  };
}
