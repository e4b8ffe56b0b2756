import { MissingFileError } from "./open-regular-file";

/** Files that were fetched, by path. */
const fetched = new Map<string, Uint8Array>();

/** Makes a fetched file readable under its path. */
export function keepFile(path: string, bytes: Uint8Array): void {
  fetched.set(path, bytes);
}

/** Replaces base/files/read-text-file: reads a file that was fetched. */
export async function readFileBytes(path: string): Promise<Uint8Array> {
  const bytes = fetched.get(path);
  if (bytes === undefined) throw new MissingFileError(`${path} was not fetched.`);
  return bytes;
}

/** The same as text. */
export async function readTextFile(path: string): Promise<string> {
  return new TextDecoder("utf-8", { fatal: true }).decode(await readFileBytes(path));
}
