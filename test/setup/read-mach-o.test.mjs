import assert from "node:assert/strict";
import { test } from "node:test";

import { readMachO } from "../../src/setup/commands/read-mach-o.mjs";

/** A Mach-O library of one section of code and one exported symbol. */
function library({ kind = 6, cpu = 0x0100000c, code = [1, 2, 3, 4], type = 0x0f } = {}) {
  const [header, segment, symtab] = [Buffer.alloc(32), Buffer.alloc(72 + 80), Buffer.alloc(24)];
  const end = header.length + segment.length + symtab.length;
  header.writeUInt32LE(0xfeedfacf, 0);
  header.writeUInt32LE(cpu, 4);
  header.writeUInt32LE(kind, 12);
  header.writeUInt32LE(2, 16);
  segment.writeUInt32LE(0x19, 0);
  segment.writeUInt32LE(segment.length, 4);
  segment.writeUInt32LE(1, 64);
  segment.write("__text", 72);
  segment.writeBigUInt64LE(BigInt(code.length), 72 + 40);
  segment.writeUInt32LE(end, 72 + 48);
  const strings = Buffer.from("\0_register\0");
  const symbol = Buffer.alloc(16);
  symbol.writeUInt32LE(1, 0);
  symbol.writeUInt8(type, 4);
  symtab.writeUInt32LE(0x2, 0);
  symtab.writeUInt32LE(symtab.length, 4);
  symtab.writeUInt32LE(end + code.length, 8);
  symtab.writeUInt32LE(1, 12);
  symtab.writeUInt32LE(end + code.length + symbol.length, 16);
  return Buffer.concat([header, segment, symtab, Buffer.from(code), symbol, strings]);
}

test("a Mach-O library's processor, kind, code and exported symbols are read", () => {
  const { processor, kind, text, exported } = readMachO(library());
  assert.deepEqual(
    { processor, kind, text: [...text], exported },
    { processor: "arm64", kind: "dylib", text: [1, 2, 3, 4], exported: ["_register"] },
  );
  assert.equal(readMachO(library({ cpu: 0x01000007 })).processor, "x86_64");
  assert.equal(readMachO(library({ kind: 8 })).kind, "bundle");
  assert.deepEqual(readMachO(library({ type: 0x01 })).exported, [], "a symbol that is only asked for is not exported");
});

test("another format is refused", () => {
  assert.throws(() => readMachO(Buffer.from("\x7fELF".padEnd(64, "\0"))), /64-bit Mach-O/);
  assert.throws(() => readMachO(Buffer.alloc(3)), /64-bit Mach-O/);
});
