import { MultiBar, type SingleBar } from "cli-progress";

import { printableLine } from "../../base/printable";
import { changedStream } from "./changed-stream";
import { markOwn, writable } from "./own-sequences";

/** A progress bar in one line of a terminal, followed by words; lines may be printed above it. */
export class LiveBar {
  readonly #bars: MultiBar;
  readonly #bar: SingleBar;

  constructor(stream: NodeJS.WritableStream) {
    this.#bars = new MultiBar({
      stream: changedStream(stream, markOwn), // the library's sequences are own ones
      format,
      linewrap: true,
      hideCursor: false,
      clearOnComplete: true,
      gracefulExit: false,
      emptyOnZero: true,
    });
    this.#bar = this.#bars.create(1, 0, { words: "" });
  }

  /** @param share - from 0 to 1 */
  update(share: number, words: string): void {
    this.#bar.update(share, { words: printableLine(words) });
  }

  /** Prints a line above the bar. */
  print(line: string): void {
    this.#bars.log(`${writable(line, { isTerminal: true })}\n`);
  }

  /** Removes the bar. Nothing is shown afterwards. */
  stop(): void {
    this.#bars.update(); // prints pending lines
    this.#bars.stop();
  }
}

const BAR = 24; // characters; less on a narrow terminal

/** As many of the words, separated by " · ", as fit. */
function shorten(words: string, width: number): string {
  if (words.length <= width) return words;
  const end = words.lastIndexOf(" · ", width);
  return end > 0 ? words.slice(0, end) : `${words.slice(0, width - 1)}…`;
}

/** Formats cli-progress's line: the bar and the words, cut to the terminal's width, which keeps it one line. */
function format(
  _options: unknown,
  { progress, maxWidth }: { readonly progress: number; readonly maxWidth: number },
  { words }: { readonly words?: string },
): string {
  const width = (maxWidth || 80) - 1;
  const bar = Math.min(BAR, Math.floor(width / 4));
  const full = Math.round(bar * Math.min(1, progress));
  return `${"█".repeat(full)}${"░".repeat(bar - full)} ${shorten(words ?? "", width - bar - 1)}`;
}
