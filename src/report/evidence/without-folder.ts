import { basename, isAbsolute } from "node:path";

/** The last part of an absolute path; other values unchanged. A report names no folder of the machine. */
export function withoutFolder(value: string): string {
  return isAbsolute(value) || /^~[/\\]/.test(value) ? basename(value) : value;
}

/** A sentence in which absolute paths are cut to their last parts. */
export function withoutFolders(text: string): string {
  return text.replace(/(?<![\w.:/~-])~?(?:\/[^\s/"'`,;:()<>]+){2,}\/?/g, (path) => basename(path));
}
