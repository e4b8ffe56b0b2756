import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { TsloraError } from "../../../src/base/tslora-error";
import { openTorchFile } from "../../../src/model/weights/torch/open-torch-file";
import { makeZip } from "../../corpus/zips";
import { legacyFile, pickle, stateDict, tensor } from "./torch-bytes";

const folder = mkdtemp(join(tmpdir(), "tslora-malicious-"));
after(async () => rm(await folder, { recursive: true, force: true }));
const { proto, stop, mark, tuple, tuple1, reduce, build, text, global } = pickle;
const NO_DATA = { 0: { count: 2, bytes: Buffer.alloc(8) } };

/** The object's pickle in a file of each format, and by itself. */
const FORMATS = {
  legacy: (object: readonly Buffer[]): Buffer => legacyFile(object, NO_DATA),
  zip: (object: readonly Buffer[]): Promise<Buffer> =>
    makeZip([{ name: "a/data.pkl", content: Buffer.concat(object), compress: false }]),
  "bare pickle": (object: readonly Buffer[]): Buffer => Buffer.concat(object),
} as const;

async function refused(object: readonly Buffer[], message: RegExp, only?: keyof typeof FORMATS): Promise<void> {
  for (const [format, write] of Object.entries(FORMATS)) {
    if (only !== undefined && format !== only) continue;
    const path = join(await folder, "x.bin");
    await writeFile(path, await write(object));
    await assert.rejects(openTorchFile(path), (error: unknown) => {
      assert.ok(error instanceof TsloraError, String(error));
      assert.match(error.message, message, format);
      assert.ok(error.message.length < 4000, `${error.message.length} characters`);
      return true;
    });
  }
}

test("a call of any other function is refused by name, and nothing is executed", async () => {
  const proof = join(await folder, "executed");
  const command = [text(`touch ${proof}`), tuple1, reduce];
  await refused(
    [proto(), global("os", "system"), ...command, stop],
    /this file asks to call os\.system\. .*nothing was executed/,
  );
  await refused([proto(), global("posix", "system"), ...command, stop], /asks to call posix\.system\./);
  await refused(
    [proto(), global("builtins", "eval"), text("1"), tuple1, reduce, stop],
    /asks to call builtins\.eval\./,
  );
  await refused(
    [proto(), global("__builtin__", "exec"), text("1"), tuple1, reduce, stop],
    /asks to call __builtin__\.exec\./,
  );
  await refused([proto(), global("torch.hub", "load"), stop], /asks to call torch\.hub\.load\./);
  await refused(
    [proto(), global("numpy.core.multiarray", "scalar"), stop],
    /asks to call numpy\.core\.multiarray\.scalar\./,
  );
  // protocol 4 takes the name from the stack; protocol 0 needs no header; INST calls at once
  const short = (value: string): Buffer => Buffer.concat([Buffer.of(0x8c, value.length), Buffer.from(value)]);
  await refused(
    [proto(4), short("os"), short("system"), Buffer.of(0x93), ...command, stop],
    /asks to call os\.system\./,
  );
  await refused([Buffer.from("cos\nsystem\n(S'true'\ntR.")], /asks to call os\.system\./, "bare pickle");
  await refused([Buffer.from("(S'true'\nios\nsystem\n.")], /asks for the pickle opcode STRING/, "bare pickle");
  await refused([proto(), mark, text("true"), Buffer.from("ios\nsystem\n"), stop], /asks to call os\.system\./);
  assert.ok(!existsSync(proof));
});

test("an allowed function is refused as an argument, an object or a class", async () => {
  const rebuild = global("torch._utils", "_rebuild_tensor_v2");
  await refused(
    [proto(), rebuild, rebuild, tuple1, reduce, stop],
    /_rebuild_tensor_v2 with 1 arguments of other kinds/,
  );
  await refused(
    [proto(), global("torch", "FloatStorage"), tuple1, tuple1, reduce, stop],
    /takes more values than it gives|call a tuple/,
  );
  await refused(
    [proto(), global("torch", "FloatStorage"), pickle.emptyTuple, reduce, stop],
    /asks to call torch\.FloatStorage\./,
  );
  await refused(
    [proto(), text("os.system"), pickle.emptyTuple, reduce, stop],
    /asks to call a text, which is not a function/,
  );
  await refused([proto(), rebuild, pickle.emptyTuple, pickle.newObject, stop], /asks for the pickle opcode NEWOBJ/);
  await refused(
    [proto(), rebuild, text("state"), build, stop],
    /set the state of torch\._utils\._rebuild_tensor_v2 \(__setstate__\)/,
  );
  await refused(
    [proto(), pickle.emptyDict, pickle.emptyDict, build, stop],
    /asks to set the state of a dict \(__setstate__\)/,
  );
  await refused(
    stateDict(Buffer.concat([tensor(), pickle.emptyDict, build])),
    /asks to set the state of a tensor/,
    "zip",
  );
  // a call in the argument of a call
  const nested = [
    global("collections", "OrderedDict"),
    global("os", "system"),
    text("true"),
    tuple1,
    reduce,
    tuple1,
    reduce,
  ];
  await refused([proto(), ...nested, stop], /asks to call os\.system\./);
});

test("persistent ids of anything but a storage are refused", async () => {
  const id = (...parts: readonly Buffer[]): Buffer[] => [proto(), mark, ...parts, tuple, pickle.persistentId, stop];
  const classSource = [text("module"), global("torch", "FloatStorage"), text("file.py"), text("source")];
  await refused(id(...classSource), /persistent id of the type "module", a class with its source/, "legacy");
  await refused(
    [proto(), text("0"), pickle.persistentId, stop],
    /a persistent id that is a text, not a storage/,
    "zip",
  );
  await refused(
    id(text("storage"), text("FloatStorage"), text("0"), text("cpu"), pickle.int(2)),
    /by a text instead of a storage class/,
    "zip",
  );
  await refused(
    stateDict(tensor({ storageClass: global("torch", "QInt8Storage") })),
    /asks to call torch\.QInt8Storage\./,
  );
  await refused(
    id(text("storage"), global("torch", "FloatStorage"), pickle.int(0), text("cpu"), pickle.int(2)),
    /a key or device of another kind/,
    "zip",
  );
  await refused([Buffer.from("P0\n.")], /begins with "P0|not a whole file/, "bare pickle");
});

test("names and texts of a file cannot make a message long or control the terminal", async () => {
  await refused(
    [proto(), global("os", `system\u001b[2J\u202e${"x".repeat(500)}`), stop],
    /os\.system\\u001b\[2J\\u202ex+ …/,
  );
  await refused([proto(), global("x".repeat(100_000), "y"), stop], /has a name of more than 1000 bytes/);
  const long = Buffer.alloc(5, "X");
  long.writeUInt32LE(2 ** 32 - 1, 1);
  await refused([proto(), long, stop], /a text of 4294967295 bytes; at most 1048576 are read/);
  await refused(
    [proto(), text("\u{1F600}").subarray(0, 7), stop],
    /has a text that is not UTF-8|ends too early|has no end/,
  );
});

test("pickles that grow by nesting, the memo or copies are stopped at a memory limit", async () => {
  const rest = (...parts: readonly Buffer[]): Buffer[] => [proto(), Buffer.concat(parts), stop];
  const limit = /its pickle would take more than 32 MiB of memory/;
  const before = process.memoryUsage().rss;
  await refused(rest(Buffer.alloc(3_000_000, "]")), limit, "zip");
  await refused(rest(Buffer.alloc(3_000_000, "}")), limit, "zip");
  await refused(rest(Buffer.alloc(3_000_000, "(")), limit, "zip");
  await refused(rest(pickle.emptyTuple, Buffer.alloc(3_000_000, pickle.put(0))), limit, "zip");
  // A tuple in a tuple in a tuple.
  await refused(rest(pickle.emptyTuple, Buffer.alloc(3_000_000, Buffer.of(0x85))), limit, "zip");
  // a list of 20,000 pairs, copied into dictionaries again and again
  const pairs = Array.from({ length: 20_000 }, (_, i) =>
    Buffer.concat([pickle.int(i), pickle.emptyTuple, pickle.tuple2, pickle.append]),
  );
  const copy = Buffer.concat([global("collections", "OrderedDict"), pickle.get(0), tuple1, reduce]);
  await refused(rest(pickle.emptyList, pickle.put(0), ...pairs, ...new Array<Buffer>(1000).fill(copy)), limit, "zip");
  // a tuple that contains a tuple twice, and so on: small until all its elements are visited
  const doubled = Buffer.concat([pickle.put(0), pickle.get(0), pickle.tuple2]);
  await refused(
    rest(pickle.emptyTuple, ...new Array<Buffer>(200).fill(doubled)),
    /holds a tuple; weights are saved as a state dict/,
    "zip",
  );
  const grown = process.memoryUsage().rss - before;
  assert.ok(grown < 400 * 2 ** 20, `${Math.round(grown / 2 ** 20)} MiB more`);
});

test("a pickle that reads a stack or memo entry that does not exist is refused", async () => {
  await refused([proto(), stop], /takes more values than it gives/);
  await refused([proto(), pickle.get(7), stop], /recalls value 7, which is not there/);
  await refused([proto(), tuple, stop], /to a mark that is not there/);
  await refused([proto(), pickle.emptyDict, mark, pickle.pop, stop], /takes more values than it gives/);
  await refused([proto(), pickle.emptyDict, pickle.int(1), pickle.append, stop], /appends to a dict/);
  await refused(
    [proto(), pickle.emptyList, pickle.int(1), pickle.int(1), pickle.setItem, stop],
    /sets an item of a list/,
  );
  await refused([proto(), pickle.emptyDict, mark, pickle.int(1), pickle.setItems, stop], /sets a key without a value/);
  await refused(
    [proto(), pickle.emptyDict, pickle.emptyList, pickle.int(1), pickle.setItem, stop],
    /has a list as a key/,
  );
  await refused([proto(), Buffer.of(0xff), stop], /has the opcode 255, which does not exist/);
  await refused([proto(9), stop], /has protocol 9/);
});
