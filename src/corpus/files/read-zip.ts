import type { Readable } from "node:stream";

import * as yauzl from "yauzl";

import { TsloraError } from "../../base/tslora-error";
import { zipLayoutProblem } from "./check-zip-layout";
import type { CorpusLimits, CorpusProblem } from "../corpus";
import { crc32 } from "./crc32";

/** A file of an archive or folder: its path inside, with `/`, and its bytes. */
export interface StudyFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The files that may be texts, and the problems and ignored files. */
export interface StudyFiles {
  readonly files: readonly StudyFile[];
  readonly problems: readonly CorpusProblem[];
  readonly ignored: readonly string[];
}

/** The promise interface of yauzl 3, which is missing in its types (of 2.10). */
interface ZipReader {
  readonly entryCount: number;
  eachEntry(): AsyncIterable<yauzl.Entry>;
  openReadStreamPromise(entry: yauzl.Entry): Promise<Readable>;
}
const { fromBufferPromise } = yauzl as unknown as { fromBufferPromise: (bytes: Uint8Array) => Promise<ZipReader> };

/**
 * Unpacks an archive in memory without trusting its metadata: the records must agree, names are checked before they are
 * used, sizes are counted while inflating, and each file must match its CRC.
 *
 * @throws TsloraError `bad-input` with the entry, for faults of the whole archive: damage, encryption, a name that
 * leaves the folder, more entries or more bytes than the limits allow.
 */
export async function readZip(path: string, bytes: Uint8Array, limits: CorpusLimits): Promise<StudyFiles> {
  const refuse = (what: string, cause?: unknown): TsloraError =>
    new TsloraError("bad-input", `${path}: ${what}`, { cause, details: { path } });
  const zip = await fromBufferPromise(bytes).catch((error: unknown) => {
    throw refuse(`it must be a zip archive; it cannot be read as one (${reason(error)}). Fetch it again.`, error);
  });
  if (zip.entryCount > limits.maxEntries)
    throw refuse(`it must have at most ${limits.maxEntries} entries (limits.maxEntries); it has ${zip.entryCount}.`);
  const problem = zipLayoutProblem(bytes);
  if (problem !== undefined)
    throw refuse(
      `the archive is refused: ${problem}. Its records must agree, or a text could be lost; fetch or pack it again.`,
    );

  const files: StudyFile[] = [];
  const problems: CorpusProblem[] = [];
  const ignored: string[] = [];
  let unpacked = 0;
  const entries = zip.eachEntry()[Symbol.asyncIterator]();
  for (;;) {
    const next = await entries.next().catch((error: unknown) => {
      throw refuse(`the archive is refused: ${reason(error)}. Names must stay inside the archive's folder.`, error);
    });
    if (next.done === true) return { files, problems, ignored };
    const entry = next.value;
    const name = entry.fileName;
    if (name.endsWith("/")) continue; // an entry of a folder has no content
    if (!isText(name)) {
      ignored.push(name);
      continue;
    }
    if (isLink(entry)) {
      problems.push({ kind: "link", name, message: "a symbolic link, not a text" });
      continue;
    }
    const parts: Uint8Array[] = [];
    try {
      for await (const part of (await zip.openReadStreamPromise(entry)) as AsyncIterable<Uint8Array>) {
        unpacked += part.length;
        if (unpacked > limits.maxUnpackedBytes)
          throw refuse(
            `it must have at most ${limits.maxUnpackedBytes} bytes when unpacked (limits.maxUnpackedBytes); with ${name} it has more.`,
          );
        parts.push(part);
      }
    } catch (error) {
      throw error instanceof TsloraError
        ? error
        : refuse(`${name} cannot be unpacked (${reason(error)}). Fetch the archive again.`, error);
    }
    const content = Buffer.concat(parts);
    if (crc32(content) !== entry.crc32)
      throw refuse(`${name} is damaged: its CRC is not the one that the archive names. Fetch the archive again.`);
    files.push({ name, bytes: content });
  }
}

/** Whether a path belongs to a text: it ends in `.txt`, and is neither hidden nor a resource fork of macOS. */
export function isText(name: string): boolean {
  return name.endsWith(".txt") && !name.split("/").some((part) => part.startsWith(".") || part === "__MACOSX");
}

function isLink(entry: yauzl.Entry): boolean {
  return ((entry.externalFileAttributes >>> 16) & 0o170000) === 0o120000; // the Unix mode's file type
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
