// @ts-check

const MAGIC_64 = 0xfeedfacf;
const CPU_ARM64 = 0x0100000c;
const CPU_X64 = 0x01000007;
/** @type {Readonly<Record<number, string>>} */
const KINDS = { 1: "object", 2: "executable", 6: "dylib", 8: "bundle" };
const LC_SEGMENT_64 = 0x19;
const LC_SYMTAB = 0x2;
const EXTERNAL = 0x01;
const TYPE = 0x0e;

/**
 * Reads the headers of a Mach-O library (Apple's mach-o/loader.h and nlist.h).
 *
 * @param {Buffer} file
 * @returns {{ processor: string, kind: string, text: Buffer, exported: string[] }} `text` is the code
 * @throws {RangeError} if the file is not a 64-bit Mach-O
 */
export function readMachO(file) {
  if (file.length < 32 || file.readUInt32LE(0) !== MAGIC_64)
    throw new RangeError("the file must be a 64-bit Mach-O; its first four bytes are others");
  const cpu = file.readUInt32LE(4);
  const commands = file.readUInt32LE(16);
  /** @type {Buffer} */
  let text = Buffer.alloc(0);
  /** @type {string[]} */
  const exported = [];
  for (let i = 0, at = 32; i < commands; i++) {
    const [command, size] = [file.readUInt32LE(at), file.readUInt32LE(at + 4)];
    if (command === LC_SEGMENT_64) text = textOf(file, at) ?? text;
    if (command === LC_SYMTAB) exported.push(...symbolsOf(file, at));
    at += size;
  }
  return {
    processor: cpu === CPU_ARM64 ? "arm64" : cpu === CPU_X64 ? "x86_64" : cpu.toString(16),
    kind: KINDS[file.readUInt32LE(12)] ?? "unknown",
    text,
    exported,
  };
}

/** @param {Buffer} file @param {number} at  a segment's command @returns {Buffer | undefined} its section __text */
function textOf(file, at) {
  const sections = file.readUInt32LE(at + 64);
  for (let i = 0; i < sections; i++) {
    const section = at + 72 + 80 * i;
    if (nameAt(file, section, 16) !== "__text") continue;
    const [size, offset] = [Number(file.readBigUInt64LE(section + 40)), file.readUInt32LE(section + 48)];
    return file.subarray(offset, offset + size);
  }
  return undefined;
}

/** @param {Buffer} file @param {number} at  the symbol table's command @returns {string[]} exported names */
function symbolsOf(file, at) {
  const [symbols, count, strings] = [file.readUInt32LE(at + 8), file.readUInt32LE(at + 12), file.readUInt32LE(at + 16)];
  /** @type {string[]} */
  const names = [];
  for (let i = 0; i < count; i++) {
    const symbol = symbols + 16 * i;
    const type = file.readUInt8(symbol + 4);
    if ((type & EXTERNAL) !== 0 && (type & TYPE) !== 0)
      names.push(nameAt(file, strings + file.readUInt32LE(symbol), 4096));
  }
  return names;
}

/** @param {Buffer} file @param {number} at @param {number} most */
function nameAt(file, at, most) {
  const end = file.indexOf(0, at);
  return file.toString("latin1", at, Math.min(at + most, end < 0 ? file.length : end));
}
