// @ts-check

/**
 * The person at the terminal sees the set-up by this.
 * @typedef {object} Progress
 * @property {(title: string) => Part} begin  a part begins; several may be under way at once
 * @property {(text: string) => void} note  a line of its own
 * @property {(parts: readonly import("./run-stages.mjs").Taken[], ms: number) => void} sum  what each part took, and
 *   all of them from start to end
 */
/**
 * A part that is under way.
 * @typedef {object} Part
 * @property {(detail: string) => void} say  how far it is: "112 of 274 MB"
 * @property {(position: string, result: string) => void} end  it is done: the second of five, with so many bytes
 * @property {() => void} drop  it is given up; the error that follows says why
 */
/** @typedef {{ title: string, detail: string, since: number }} Shown */

const BEAT_MS = 200;

/**
 * Shows progress on a stream: on a terminal a line for each part under way, which keeps changing until the part is
 * done, elsewhere (CI, a log file) one line when a part begins and one when it ends.
 *
 * @param {NodeJS.WriteStream} stream
 * @returns {Progress}
 */
export function showProgress(stream) {
  const live = stream.isTTY === true && process.env["CI"] === undefined;
  /** @type {Set<Shown>} */
  const shown = new Set();
  let drawn = 0;
  let turn = 0;
  /** @type {NodeJS.Timeout | undefined} */
  let beat;

  const clear = () => {
    if (drawn > 0) stream.write(`\x1b[${drawn}A\r\x1b[0J`);
    drawn = 0;
  };
  const draw = () => {
    const sign = "|/-\\"[turn++ % 4];
    // A line that wraps, or more lines than the terminal has, could not be taken back.
    const lines = [...shown]
      .slice(0, Math.max(1, (stream.rows ?? 24) - 2))
      .map(({ title, detail, since }) =>
        `${sign} ${title}: ${detail === "" ? "" : `${detail}, `}${formatDuration(Date.now() - since)}`.slice(
          0,
          (stream.columns ?? 80) - 1,
        ),
      );
    const up = drawn > 0 ? `\x1b[${drawn}A\r` : "";
    stream.write(`${up}${lines.map((line) => `\x1b[2K${line}\n`).join("")}${drawn > lines.length ? "\x1b[0J" : ""}`);
    drawn = lines.length;
  };
  const write = (/** @type {string} */ text) => {
    clear();
    stream.write(`${text}\n`);
    if (live && shown.size > 0) draw();
  };
  /** @param {Shown} part */
  const leave = (part) => {
    shown.delete(part);
    clear();
    if (shown.size > 0) return;
    clearInterval(beat);
    beat = undefined;
  };

  return {
    begin(title) {
      /** @type {Shown} */
      const part = { title, detail: "", since: Date.now() };
      if (live) {
        shown.add(part);
        beat ??= setInterval(draw, BEAT_MS);
        draw();
      } else {
        stream.write(`${title} ...\n`);
      }
      return {
        say: (detail) => void (part.detail = detail),
        end(position, result) {
          leave(part);
          write(`[${position}] ${title}: ${result}, ${formatDuration(Date.now() - part.since)}`);
        },
        drop: () => leave(part),
      };
    },
    note: write,
    sum(parts, ms) {
      const rows = [
        ...parts.map(({ title, bytes, ms: own }) => [title, formatBytes(bytes), formatDuration(own)]),
        ["all, side by side", formatBytes(parts.reduce((sum, { bytes }) => sum + bytes, 0)), formatDuration(ms)],
      ];
      const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
      write(
        rows
          .map(
            ([title = "", size = "", time = ""]) =>
              `  ${title.padEnd(widths[0] ?? 0)}  ${size.padStart(widths[1] ?? 0)}  ${time.padStart(widths[2] ?? 0)}`,
          )
          .join("\n"),
      );
    },
  };
}

/** @param {number} bytes @returns {string} in decimal units, as registries and disks count */
export function formatBytes(bytes) {
  if (bytes < 1e6) return `${Math.ceil(bytes / 1e3)} kB`;
  return bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}

/** @param {number} ms */
function formatDuration(ms) {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
}
