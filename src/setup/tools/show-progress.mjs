// @ts-check

/**
 * Shows the progress of the set-up.
 * @typedef {object} Progress
 * @property {(title: string) => Part} begin  shows that a part begins; several may run at once
 * @property {(text: string) => void} note  prints a line
 * @property {(parts: readonly import("./run-stages.mjs").Taken[], ms: number) => void} sum  prints size and time of
 * each part, and the total time
 */
/**
 * A part that is being made.
 * @typedef {object} Part
 * @property {(detail: string) => void} say  shows its progress: "112 of 274 MB"
 * @property {(position: string, result: string) => void} end  shows that it is done, with its position (2 of 5) and
 * size
 * @property {() => void} remove  removes it after a failure, which the error explains
 */
/** @typedef {{ title: string, detail: string, since: number }} Shown */

const BEAT_MS = 200;

/**
 * Shows progress on a stream. A terminal has a line for each running part, which is updated until the part is done.
 * Other streams (CI, a log file) get one line when a part begins and one when it ends.
 *
 * @param {NodeJS.WriteStream} stream
 * @returns {Progress}
 */
export function showProgress(stream) {
  const live = stream.isTTY === true && process.env["CI"] === undefined;
  const block = new LiveBlock(stream);
  const note = (/** @type {string} */ text) => block.write(`${text}\n`);
  return {
    begin(title) {
      /** @type {Shown} */
      const part = { title, detail: "", since: Date.now() };
      if (live) block.add(part);
      else stream.write(`${title} ...\n`);
      return {
        say: (detail) => void (part.detail = detail),
        end(position, result) {
          block.remove(part);
          note(`[${position}] ${title}: ${result}, ${formatDuration(Date.now() - part.since)}`);
        },
        remove: () => block.remove(part),
      };
    },
    note,
    sum: (parts, ms) => note(sumTable(parts, ms)),
  };
}

/** The lines at the end of a terminal's output that show the running parts. */
class LiveBlock {
  /** @type {Set<Shown>} */
  #parts = new Set();
  #drawn = 0;
  #turn = 0;
  /** @type {NodeJS.Timeout | undefined} */
  #beat;
  #stream;

  /** @param {NodeJS.WriteStream} stream */
  constructor(stream) {
    this.#stream = stream;
  }

  /** @param {Shown} part */
  add(part) {
    this.#parts.add(part);
    this.#beat ??= setInterval(() => this.#draw(), BEAT_MS);
    this.#draw();
  }

  /** @param {Shown} part */
  remove(part) {
    this.#parts.delete(part);
    this.#clear();
    if (this.#parts.size > 0) return;
    clearInterval(this.#beat);
    this.#beat = undefined;
  }

  /** Writes text above the lines. @param {string} text */
  write(text) {
    this.#clear();
    this.#stream.write(text);
    if (this.#parts.size > 0) this.#draw();
  }

  #clear() {
    if (this.#drawn > 0) this.#stream.write(`\x1b[${this.#drawn}A\r\x1b[0J`);
    this.#drawn = 0;
  }

  #draw() {
    const sign = "|/-\\"[this.#turn++ % 4];
    const { rows = 24, columns = 80 } = this.#stream;
    // The cursor cannot move up over a wrapped line, or over more lines than the terminal has.
    const lines = [...this.#parts].slice(0, Math.max(1, rows - 2)).map(({ title, detail, since }) => {
      const state = detail === "" ? "" : `${detail}, `;
      return `${sign} ${title}: ${state}${formatDuration(Date.now() - since)}`.slice(0, columns - 1);
    });
    const up = this.#drawn > 0 ? `\x1b[${this.#drawn}A\r` : "";
    const rest = this.#drawn > lines.length ? "\x1b[0J" : "";
    this.#stream.write(`${up}${lines.map((line) => `\x1b[2K${line}\n`).join("")}${rest}`);
    this.#drawn = lines.length;
  }
}

/**
 * A table of the size and time of each part, and their total.
 *
 * @param {readonly import("./run-stages.mjs").Taken[]} parts
 * @param {number} ms
 */
function sumTable(parts, ms) {
  const rows = [
    ...parts.map(({ title, bytes, ms: own }) => [title, formatBytes(bytes), formatDuration(own)]),
    ["all, in parallel", formatBytes(parts.reduce((sum, { bytes }) => sum + bytes, 0)), formatDuration(ms)],
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows
    .map(
      ([title = "", size = "", time = ""]) =>
        `  ${title.padEnd(widths[0] ?? 0)}  ${size.padStart(widths[1] ?? 0)}  ${time.padStart(widths[2] ?? 0)}`,
    )
    .join("\n");
}

/** @param {number} bytes @returns {string} the size in decimal units, as registries and disks state it */
export function formatBytes(bytes) {
  if (bytes < 1e6) return `${Math.ceil(bytes / 1e3)} kB`;
  return bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}

/** @param {number} ms */
function formatDuration(ms) {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
}
