import { read } from "node:fs";

import * as yauzl from "yauzl";

import { shownValue } from "../../../base/shown-value";
import type { TorchRefusals } from "./pickle-refusal";

const MOST = 32_768; // files in an archive; one per tensor, and a handful more

/** A file in an archive whose bytes are stored as they are. */
export interface ZipRecord {
  /** First byte in the archive's file. */
  readonly position: number;
  readonly length: number;
}

/** The directory of an archive. */
export interface ZipRecords {
  has(name: string): boolean;
  /** Finds a file's bytes. @throws TsloraError if there is none, or it is compressed or encrypted */
  find(name: string): Promise<ZipRecord>;
  /** Name of the first file. */
  readonly first: string;
}

/** The promise interface of yauzl 3, which is missing in its types (of 2.10). */
interface ZipReader {
  readonly entryCount: number;
  eachEntry(): AsyncIterable<yauzl.Entry>;
  readLocalFileHeaderPromise(
    entry: Pick<yauzl.Entry, "relativeOffsetOfLocalHeader" | "compressedSize">,
    options: { readonly minimal: true },
  ): Promise<{ readonly fileDataStart: number }>;
}
const { fromRandomAccessReaderPromise } = yauzl as unknown as {
  fromRandomAccessReaderPromise: (
    reader: yauzl.RandomAccessReader,
    size: number,
    options: { readonly autoClose: false },
  ) => Promise<ZipReader>;
};

/** Reads ranges of an open file for yauzl. A range beyond the file, which a damaged directory names, is an error. */
class FileRanges extends yauzl.RandomAccessReader {
  readonly #fd: number;
  readonly #size: number;

  constructor(fd: number, size: number) {
    super();
    this.#fd = fd;
    this.#size = size;
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null, bytesRead?: number) => void,
  ): void {
    if (position < 0 || position + length > this.#size)
      setImmediate(callback, new Error(`it names bytes from ${position} on; the file has ${this.#size}`));
    else read(this.#fd, buffer, offset, length, position, callback);
  }
}

type Entry = Pick<
  yauzl.Entry,
  "relativeOffsetOfLocalHeader" | "compressedSize" | "uncompressedSize" | "compressionMethod"
> & { readonly encrypted: boolean };

/** Reads the directory of a zip archive, zip64 too. Does not read the files in it, and leaves `fd` open. */
export async function readZipRecords(
  { fd, size }: { readonly fd: number; readonly size: number },
  refusals: TorchRefusals,
): Promise<ZipRecords> {
  const damaged = (error: unknown): Error =>
    refusals.damaged(`its archive cannot be read (${error instanceof Error ? error.message : String(error)})`);
  const reading = async <T>(start: () => Promise<T>): Promise<T> => {
    try {
      return await start();
    } catch (error) {
      throw damaged(error);
    }
  };
  const zip = await reading(() => fromRandomAccessReaderPromise(new FileRanges(fd, size), size, { autoClose: false }));
  if (zip.entryCount > MOST)
    throw refusals.damaged(`its archive has ${zip.entryCount} files; at most ${MOST} are read`);
  const entries = new Map<string, Entry>();
  const each = zip.eachEntry()[Symbol.asyncIterator]();
  for (;;) {
    const next = await reading(() => each.next());
    if (next.done === true) break;
    const { fileName, relativeOffsetOfLocalHeader, compressedSize, uncompressedSize, compressionMethod } = next.value;
    if (entries.has(fileName)) throw refusals.damaged(`its archive has ${shownValue(fileName)} twice`);
    const encrypted = (next.value.generalPurposeBitFlag & 1) === 1;
    entries.set(fileName, {
      relativeOffsetOfLocalHeader,
      compressedSize,
      uncompressedSize,
      compressionMethod,
      encrypted,
    });
  }
  const [first] = entries.keys();
  if (first === undefined) throw refusals.damaged("its archive is empty");
  return {
    first,
    has: (name) => entries.has(name),
    async find(name) {
      const entry = entries.get(name);
      if (entry === undefined) throw refusals.damaged(`its archive has no ${shownValue(name)}`);
      if (entry.compressionMethod !== 0 || entry.encrypted || entry.compressedSize !== entry.uncompressedSize)
        throw refusals.unsupported(
          `${shownValue(name)} in it is compressed or encrypted; torch.save stores it as it is. Save it again with torch.save.`,
        );
      const { fileDataStart } = await reading(() => zip.readLocalFileHeaderPromise(entry, { minimal: true }));
      return { position: fileDataStart, length: entry.uncompressedSize };
    },
  };
}
