/** A file as described by both of its records in an archive. */
interface ZipRecord {
  readonly name: string;
  /** Offset of its local header. */
  readonly start: number;
  /** Offset of the end of its bytes. */
  readonly end: number;
}

/** The place of the central directory, from the end record. */
interface Directory {
  readonly start: number;
  readonly end: number;
  readonly entries: number;
}

const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const MOST_32 = 0xffffffff;
const MOST_16 = 0xffff;

/**
 * Checks that the records of a zip archive agree (the end record with the directory, the directory with the headers of
 * the files), and that nothing overlaps. Programs read different records, so from an inconsistent archive one may miss
 * a file that another reads.
 *
 * @returns the first problem in words; undefined if the archive is consistent
 */
export function zipLayoutProblem(bytes: Uint8Array): string | undefined {
  const zip = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const directory = findDirectory(zip);
  if (typeof directory === "string") return directory;
  const records: ZipRecord[] = [];
  const names = new Set<string>();
  let at = directory.start;
  while (at < directory.end) {
    const record = readRecord(zip, at, directory);
    if (typeof record === "string") return record;
    if (names.has(record.name)) return `its directory names ${shown(record.name)} twice`;
    names.add(record.name);
    records.push(record);
    at = record.next;
  }
  if (at !== directory.end) return "the last entry of its directory goes beyond the directory's end";
  if (records.length !== directory.entries)
    return `its end record counts ${directory.entries} entries, its directory holds ${records.length}`;
  return overlap(zip, records, directory);
}

function findDirectory(zip: Buffer): Directory | string {
  const at = findEnd(zip);
  if (typeof at === "string") return at;
  const disks = [zip.readUInt16LE(at + 4), zip.readUInt16LE(at + 6)];
  const here = zip.readUInt16LE(at + 8);
  let entries = zip.readUInt16LE(at + 10);
  let size = zip.readUInt32LE(at + 12);
  let start = zip.readUInt32LE(at + 16);
  let end = at;
  if (at >= 20 && zip.readUInt32LE(at - 20) === LOCATOR_64) {
    const record = Number(zip.readBigUInt64LE(at - 12));
    if (record > at - 76 || zip.readUInt32LE(record) !== END_64)
      return "its zip64 end record is not where its locator says";
    const wide = [
      Number(zip.readBigUInt64LE(record + 24)),
      Number(zip.readBigUInt64LE(record + 32)),
      Number(zip.readBigUInt64LE(record + 40)),
      Number(zip.readBigUInt64LE(record + 48)),
    ];
    if (wide[0] !== wide[1]) return "its zip64 end record counts entries on more than one disk";
    const agrees = (short: number, most: number, long: number): boolean => short === most || short === long;
    if (!agrees(entries, MOST_16, wide[1]) || !agrees(size, MOST_32, wide[2]) || !agrees(start, MOST_32, wide[3]))
      return "its end record and its zip64 end record differ";
    if (record + 12 + Number(zip.readBigUInt64LE(record + 4)) !== at - 20)
      return "its zip64 end record is longer or shorter than it says";
    [entries, size, start, end] = [wide[1], wide[2], wide[3], record];
  } else {
    if (entries === MOST_16 && size === MOST_32) return "its zip64 end record is missing";
    if (disks.some((disk) => disk !== 0) || here !== entries)
      return "it is one of several disks, or its end record counts entries wrongly";
  }
  if (start + size !== end)
    return `its end record places the directory at byte ${start} with ${size} bytes, which does not lead to the end record at byte ${end}`;
  return { start, end, entries };
}

/** Finds the end record, whose comment must end at the end of the file. */
function findEnd(zip: Buffer): number | string {
  const first = Math.max(0, zip.length - 22 - MOST_16);
  const found: number[] = [];
  let hasEnd = false; // whether an end record was found, even one whose comment does not end with the file
  for (let at = zip.length - 22; at >= first; at--) {
    if (zip[at] !== 0x50 || zip.readUInt32LE(at) !== END) continue;
    hasEnd = true;
    if (at + 22 + zip.readUInt16LE(at + 20) === zip.length) found.push(at);
  }
  if (found.length > 1) return "it has more than one end record";
  return (
    found[0] ??
    (hasEnd
      ? "bytes follow its end record, or its end is cut off"
      : "its end record is missing; was its download cut off?")
  );
}

function readRecord(zip: Buffer, at: number, directory: Directory): (ZipRecord & { readonly next: number }) | string {
  if (at + 46 > directory.end || zip.readUInt32LE(at) !== CENTRAL) return `its directory is damaged at byte ${at}`;
  const flags = zip.readUInt16LE(at + 8);
  const [nameLength, extraLength, commentLength] = [28, 30, 32].map((place) => zip.readUInt16LE(at + place));
  const next = at + 46 + nameLength + extraLength + commentLength;
  if (next > directory.end) return "the last entry of its directory goes beyond the directory's end";
  const nameBytes = zip.subarray(at + 46, at + 46 + nameLength);
  const name = nameBytes.toString((flags & 0x800) === 0 ? "latin1" : "utf8");
  if ((flags & 0x800) !== 0 && !Buffer.from(name, "utf8").equals(nameBytes))
    return `the name ${shown(name)} says that it is UTF-8 and is not`;
  if (name.includes("\u0000")) return `the name ${shown(name)} holds a NUL character`;
  const sizes = wideSizes(zip.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength), {
    size: zip.readUInt32LE(at + 24),
    compressed: zip.readUInt32LE(at + 20),
    start: zip.readUInt32LE(at + 42),
  });
  if (sizes === undefined) return `the zip64 sizes of ${shown(name)} are missing`;
  const { compressed, size, start } = sizes;
  if ((flags & 1) !== 0) return `${shown(name)} is encrypted`;
  if (name.endsWith("/") && size > 0) return `${shown(name)} is called a folder and holds ${size} bytes`;
  if (start + 30 > directory.start || zip.readUInt32LE(start) !== LOCAL)
    return `${shown(name)} is not where the directory says`;
  const localName = zip.subarray(start + 30, start + 30 + zip.readUInt16LE(start + 26));
  if (!localName.equals(nameBytes))
    return `the directory's ${shown(name)} is ${shown(localName.toString((flags & 0x800) === 0 ? "latin1" : "utf8"))} in its own header`;
  if (zip.readUInt16LE(start + 8) !== zip.readUInt16LE(at + 10))
    return `the directory and the header of ${shown(name)} name different compressions`;
  const later = (zip.readUInt16LE(start + 6) & 8) !== 0; // CRC and sizes follow the bytes
  const header = [zip.readUInt32LE(start + 14), zip.readUInt32LE(start + 18), zip.readUInt32LE(start + 22)];
  const central = [zip.readUInt32LE(at + 16), compressed, size];
  if (!later && header.some((value, i) => value !== central[i] && !(i > 0 && value === MOST_32)))
    return `the directory and the header of ${shown(name)} name different sizes or CRCs`;
  const end = start + 30 + localName.length + zip.readUInt16LE(start + 28) + compressed;
  if (end > directory.start) return `${shown(name)} goes beyond the directory`;
  return { name, start, end, next };
}

/** The sizes and offset of an entry. A number that does not fit into 32 bits is read from its zip64 field. */
function wideSizes(
  extra: Buffer,
  short: { readonly size: number; readonly compressed: number; readonly start: number },
): typeof short | undefined {
  const wanted = (["size", "compressed", "start"] as const).filter((key) => short[key] === MOST_32);
  if (wanted.length === 0) return short;
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    if (at + 4 + 8 * wanted.length > extra.length || extra.readUInt16LE(at + 2) < 8 * wanted.length) return undefined;
    return {
      ...short,
      ...Object.fromEntries(wanted.map((key, i) => [key, Number(extra.readBigUInt64LE(at + 4 + 8 * i))])),
    };
  }
  return undefined;
}

/** Finds files that share bytes, and files that are not in the directory. */
function overlap(zip: Buffer, records: readonly ZipRecord[], { start: directoryStart }: Directory): string | undefined {
  const sorted = [...records].sort((a, b) => a.start - b.start);
  let from = 0;
  for (const { name, start, end } of [...sorted, { name: "", start: directoryStart, end: directoryStart }]) {
    if (start < from) return `${shown(name)} shares bytes with another file`;
    for (
      let at = zip.indexOf("PK\u0003\u0004", from, "latin1");
      at >= 0 && at + 30 <= start;
      at = zip.indexOf("PK\u0003\u0004", at + 4, "latin1")
    ) {
      const hidden = zip.subarray(at + 30, at + 30 + zip.readUInt16LE(at + 26)).toString("utf8");
      return `it holds ${shown(hidden)}, which its directory does not name`;
    }
    from = end;
  }
  return undefined;
}

function shown(name: string): string {
  return name.length > 100 ? `${name.slice(0, 99)}…` : name;
}
