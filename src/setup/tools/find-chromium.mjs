// @ts-check
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/**
 * The path of a Chromium or Chrome of this machine; `TSLORA_CHROMIUM` names another.
 *
 * @returns {string | undefined}
 */
export function findChromium() {
  const named = process.env["TSLORA_CHROMIUM"] ?? "";
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const candidates = named === "" ? NAMES.flatMap((name) => folders.map((folder) => join(folder, name))) : [named];
  return candidates.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
