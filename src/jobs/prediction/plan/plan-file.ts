import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";

import { createHash } from "node:crypto";

import { sha256OfFile } from "../../../base/files/sha256-of-file";
import { parquetRowGroups } from "../../../corpus/records/read-parquet-file";
import { packingOf } from "../../../corpus/records/open-bytes";
import type { InputFile } from "./input-files";

/** A part of a file, as large as a shard. */
export interface FilePart {
  /** Bytes of JSON Lines; whole lines. */
  readonly start?: number;
  readonly end?: number;
  readonly rowsBefore?: number;
  /** Rows of Parquet. */
  readonly rowStart?: number;
  readonly rowEnd?: number;
  /** Number of records, where it is known. */
  readonly records?: number;
  readonly bytes: number;
}

/** The parts of a file, and its hash. */
export interface PlannedFile {
  readonly sha256: string;
  readonly parts: readonly FilePart[];
}

/** Sizes of shards. */
export interface ShardSizes {
  /** Bytes of JSON Lines in a shard. */
  readonly shardBytes: number;
  /** Rows of Parquet in a shard; whole row groups. */
  readonly shardRows: number;
}

/**
 * Divides a file. JSON Lines that are not packed are divided at line ends, Parquet between row groups; other files
 * are one shard each, since they can only be read from their start. So are JSON Lines in UTF-16, whose encoding is in
 * their first bytes.
 */
export async function planFile({ path, kind }: InputFile, sizes: ShardSizes): Promise<PlannedFile> {
  const { size } = await stat(path);
  if (kind === "jsonl" && (await packingOf(path)) === "none" && !(await isUtf16(path)))
    return planLines(path, sizes.shardBytes);
  const sha256 = await sha256OfFile(path);
  // a file that is not whole is one shard, which fails
  const groups = kind === "parquet" ? await parquetRowGroups(path).catch(() => []) : [];
  if (groups.length === 0) return { sha256, parts: [{ bytes: size }] };
  const rows = groups.at(-1)?.end ?? 0;
  const parts: FilePart[] = [];
  let first = 0;
  for (const { end } of groups) {
    if (end - first < sizes.shardRows && end < rows) continue;
    const records = end - first;
    parts.push({ rowStart: first, rowEnd: end, records, bytes: Math.round((size * records) / Math.max(1, rows)) });
    first = end;
  }
  return { sha256, parts: parts.filter(({ records = 0 }) => records > 0 || rows === 0) };
}

/** Whether a file begins with the byte order mark of UTF-16. */
async function isUtf16(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && ["fffe", "feff"].includes(buffer.toString("hex"));
  } finally {
    await file.close();
  }
}

const [LINE_FEED, RETURN] = [10, 13];

/**
 * Divides lines at the first line end behind each multiple of a size, and hashes the file meanwhile. A file in which a
 * carriage return ends a line by itself is one part: readers count such lines, too.
 */
async function planLines(path: string, shardBytes: number): Promise<PlannedFile> {
  const hash = createHash("sha256");
  const parts: FilePart[] = [];
  let [at, lines] = [0, 0];
  let [start, rowsBefore] = [0, 0];
  let endsLine = true;
  let endsInReturn = false;
  let isOld = false; // lines end by carriage returns
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    hash.update(piece);
    isOld ||= endsInReturn && piece[0] !== LINE_FEED;
    for (let at = piece.indexOf(RETURN); at >= 0 && !isOld; at = piece.indexOf(RETURN, at + 1))
      isOld = at + 1 < piece.length && piece[at + 1] !== LINE_FEED;
    endsInReturn = piece.at(-1) === RETURN;
    for (let next = piece.indexOf(LINE_FEED); next >= 0; next = piece.indexOf(LINE_FEED, next + 1)) {
      lines++;
      const end = at + next + 1;
      if (end - start < shardBytes) continue;
      parts.push({ start, end, rowsBefore, records: lines - rowsBefore, bytes: end - start });
      [start, rowsBefore] = [end, lines];
    }
    at += piece.length;
    endsLine = piece.at(-1) === LINE_FEED;
  }
  const records = lines - rowsBefore + (endsLine ? 0 : 1);
  if (at > start || parts.length === 0) parts.push({ start, end: at, rowsBefore, records, bytes: at - start });
  const sha256 = hash.digest("hex");
  return isOld ? { sha256, parts: [{ bytes: at }] } : { sha256, parts };
}
