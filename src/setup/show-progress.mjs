// @ts-check

/**
 * What the person at the terminal sees of the set-up.
 * @typedef {object} Progress
 * @property {(position: string, title: string) => void} begin  a part begins: "2/5", "TensorFlow 2.21.0 for the CPU"
 * @property {(detail: string) => void} say  how far the part is: "112 of 274 MB"
 * @property {(result: string) => void} end  the part is done: "853 MB"
 * @property {() => void} drop  the part is given up; the error that follows says why
 * @property {(text: string) => void} note  a line of its own
 */

const BEAT_MS = 200;

/**
 * Shows progress on a stream: on a terminal one line a part that keeps changing until it is done, elsewhere (CI, a log
 * file) one line when the part begins and one when it ends.
 *
 * @param {NodeJS.WriteStream} stream
 * @returns {Progress}
 */
export function showProgress(stream) {
  const live = stream.isTTY === true && process.env["CI"] === undefined;
  let position = "";
  let title = "";
  let detail = "";
  let since = 0;
  let turn = 0;
  /** @type {NodeJS.Timeout | undefined} */
  let beat;

  const elapsed = () => formatDuration(Date.now() - since);
  const clear = () => {
    if (beat !== undefined) stream.write("\r\x1b[2K");
  };
  const draw = () => {
    const sign = "|/-\\"[turn++ % 4];
    const line = `[${position}] ${title} ${sign} ${detail === "" ? "" : `${detail}, `}${elapsed()}`;
    stream.write(`\r\x1b[2K${line.slice(0, (stream.columns ?? 80) - 1)}`);
  };
  const stop = () => {
    clear();
    clearInterval(beat);
    beat = undefined;
  };

  return {
    begin(newPosition, newTitle) {
      [position, title, detail, since] = [newPosition, newTitle, "", Date.now()];
      if (live) {
        beat = setInterval(draw, BEAT_MS);
        draw();
      } else {
        stream.write(`[${position}] ${title} ...\n`);
      }
    },
    say(newDetail) {
      detail = newDetail;
    },
    end(result) {
      stop();
      stream.write(`[${position}] ${title}: ${result}, ${elapsed()}\n`);
    },
    drop: stop,
    note(text) {
      clear();
      stream.write(`${text}\n`);
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
