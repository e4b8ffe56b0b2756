import type { DownloadProgress } from "../../hub/download-file";
import { byteProgress } from "./byte-progress";
import type { Terminal } from "./terminal";

/** Progress of fetching a repository's files: one bar for each file, on standard error. */
export function fetchProgress(terminal: Terminal): { update: (received: DownloadProgress) => void; stop: () => void } {
  let file = "";
  let progress = byteProgress(terminal, "Fetching");
  return {
    update: (received) => {
      if (file !== received.file) {
        progress.stop();
        file = received.file;
        progress = byteProgress(terminal, `Fetching ${file}`);
      }
      if (received.waiting === undefined) progress.update(received.bytes, received.total);
      else progress.print(received.waiting);
    },
    stop: () => progress.stop(),
  };
}
