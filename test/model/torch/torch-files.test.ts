import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { projectRoot } from "../../../src/base/project-root";
import { openTorchFile, type TorchFile } from "../../../src/model/weights/torch/open-torch-file";
import { makeZip } from "../../corpus/zips";
import { legacyFile, pickle, sizes, stateDict, tensor } from "./torch-bytes";

const folder = mkdtemp(join(tmpdir(), "tslora-torch-"));
after(async () => rm(await folder, { recursive: true, force: true }));
const fixture = (name: string): string => join(projectRoot(), "test", "fixtures", "torch-files", name);
const floats = (...values: readonly number[]): Buffer => Buffer.from(Float32Array.from(values).buffer);

interface Expected {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: string;
}

async function opened(bytes: Buffer): Promise<TorchFile> {
  const path = join(await folder, "x.bin");
  await writeFile(path, bytes);
  return openTorchFile(path);
}

const refused = async (bytes: Buffer, message: RegExp): Promise<void> =>
  assert.rejects(async () => void (await (await opened(bytes)).close()), message);

for (const name of ["zip.bin", "legacy.bin", "wrapped.bin"]) {
  test(`${name}: names, types, shapes and bytes are torch's, of every type and view`, async () => {
    const expected = JSON.parse(await readFile(fixture("expected.json"), "utf8")) as Record<string, Expected>;
    const file = await openTorchFile(fixture(name));
    assert.deepEqual([...file.entries.keys()], Object.keys(expected));
    for (const [key, { dtype, shape, bytes }] of Object.entries(expected)) {
      assert.deepEqual(file.entries.get(key), { name: key, dtype, shape });
      assert.equal(Buffer.from(await file.readBytes(key)).toString("hex"), bytes, key);
    }
    assert.deepEqual(await file.readFloats("transposed"), await transposed(file));
    await assert.rejects(file.readFloats("I64"), /"I64" has the type I64; weights must be/);
    await assert.rejects(file.readFloats("nothing"), /holds no tensor "nothing"/);
    await file.close();
  });
}

async function transposed(file: TorchFile): Promise<Float32Array> {
  const base = await file.readFloats("base"); // [5, 6]
  return Float32Array.from({ length: 30 }, (_, i) => base[(i % 5) * 6 + Math.floor(i / 5)]);
}

test("a state dict within a larger dict is found, and the notice names its key and the ignored ones", async () => {
  const [bare, wrapped] = [await openTorchFile(fixture("zip.bin")), await openTorchFile(fixture("wrapped.bin"))];
  await Promise.all([bare.close(), wrapped.close()]);
  assert.equal(bare.notice, undefined);
  assert.equal(wrapped.notice, 'wrapped.bin: the weights are under "state_dict"; not read: "epoch", "optimizer".');
  const inner = [pickle.emptyDict, pickle.text("w"), tensor(), pickle.setItem];
  const twice = [pickle.text("model"), ...inner, pickle.setItem, pickle.text("state_dict"), ...inner, pickle.setItem];
  await refused(
    legacyFile([pickle.proto(), pickle.emptyDict, ...twice, pickle.stop], { 0: { count: 2, bytes: floats(1, 2) } }),
    /holds several state dicts: "state_dict", "model"/,
  );
  await refused(
    legacyFile([pickle.proto(), pickle.emptyDict, pickle.text("net"), ...inner, pickle.setItem, pickle.stop], {
      0: { count: 2, bytes: floats(1, 2) },
    }),
    /holds no tensors, only "net"; a state dict is looked for in it and under "state_dict", "model_state_dict", "model"/,
  );
  await refused(
    legacyFile([pickle.proto(), pickle.int(3), pickle.stop]),
    /holds a number; weights are saved as a state/,
  );
});

test("a state dict is found beside a tensor of the training; a weight may be named like its key", async () => {
  const storages = { 0: { count: 2, bytes: floats(1, 2) } };
  const item = (name: string, ...value: readonly Buffer[]): Buffer[] => [pickle.text(name), ...value, pickle.setItem];
  const read = async (...items: readonly Buffer[][]): Promise<[names: string[], notice: string | undefined]> => {
    const file = await opened(legacyFile([pickle.proto(), pickle.emptyDict, ...items.flat(), pickle.stop], storages));
    await file.close();
    return [[...file.entries.keys()], file.notice];
  };
  for (const key of ["state_dict", "model_state_dict", "model"])
    assert.deepEqual(await read(item("loss", tensor()), item(key, pickle.emptyDict, ...item("w", tensor()))), [
      ["w"],
      `x.bin: the weights are under "${key}"; not read: "loss".`,
    ]);
  assert.deepEqual(await read(item("w", tensor()), item("model", tensor())), [["w", "model"], undefined]);
  assert.deepEqual(await read(item("w", tensor()), item("model", pickle.emptyDict)), [
    ["w"],
    'x.bin: not read: "model".',
  ]);
});

test("tensors that together are far larger than their file are refused; shared weights are not", async () => {
  const file = (copies: number, value: Buffer, storage: Buffer): Buffer =>
    legacyFile(
      [
        pickle.proto(),
        pickle.emptyDict,
        ...Array.from({ length: copies }, (_, i) => [pickle.text(`w${i}`), value, pickle.setItem]).flat(),
        pickle.stop,
      ],
      { 0: { count: storage.length / 4, bytes: storage } },
    );
  const repeated = tensor({ size: sizes(2 ** 22), stride: sizes(0) }); // 16 MiB of one number
  const shared = await opened(file(16, repeated, floats(1, 2)));
  await shared.close();
  assert.equal(shared.entries.size, 16);
  await refused(file(17, repeated, floats(1, 2)), /reading its 17 tensors takes 272 MiB, and the file has \d+ bytes/);
  const count = 2 ** 22;
  const wide = tensor({ count: pickle.int(count), stride: sizes(count - 1) }); // the first and the last number
  await refused(file(17, wide, Buffer.alloc(4 * count)), /reading its 17 tensors takes 272 MiB/);
});

test("a truncated file is refused, or no weight is lost", async () => {
  for (const name of ["zip.bin", "legacy.bin"]) {
    const whole = await readFile(fixture(name));
    for (let length = 0; length < whole.length; length += 97)
      await refused(whole.subarray(0, length), /is not a whole file of torch\.save: .*Fetch it again/);
  }
});

test("an archive's directory that points beyond the file is refused", async () => {
  const whole = await readFile(fixture("zip.bin"));
  const [locator, end64] = [whole.indexOf("PK\u0006\u0007"), whole.indexOf("PK\u0006\u0006")];
  assert.ok(locator > 0 && end64 > 0);
  for (const at of [locator + 8, end64 + 48]) {
    for (const value of [2n ** 60n, 2n ** 64n - 1n, BigInt(whole.length)]) {
      const bytes = Buffer.from(whole);
      bytes.writeBigUInt64LE(value, at);
      await refused(bytes, /its archive cannot be read \(it names bytes from \d+/);
    }
  }
});

test("storages whose size differs from that in the pickle are refused", async () => {
  await refused(
    legacyFile(stateDict(tensor()), { 0: { count: 3, bytes: floats(1, 2, 3) } }),
    /"0" must have 2 numbers; it has 3/,
  );
  await refused(legacyFile(stateDict(tensor()), {}), /storage "0" is missing/);
  await refused(legacyFile(stateDict(tensor()), { 0: { count: 2, bytes: floats(1) } }), /ends too early/);
  await refused(
    legacyFile(stateDict(tensor()), { 1: { count: 2, bytes: floats(1, 2) } }),
    /a storage that no tensor uses/,
  );
  const zip = async (records: Record<string, Buffer>, compress = false): Promise<Buffer> =>
    makeZip(Object.entries(records).map(([name, content]) => ({ name, content, compress })));
  const object = Buffer.concat(stateDict(tensor()));
  await refused(
    await zip({ "a/data.pkl": object, "a/data/0": floats(1) }),
    /"0" of 2 numbers of type F32 takes 8 bytes, and 4 are/,
  );
  await refused(await zip({ "a/data.pkl": object }), /its archive has no "a\/data\/0"/);
  await refused(await zip({ "a/data.pkl": object, "a/data/0": floats(1, 2) }, true), /is compressed or encrypted/);
  await refused(await zip({ "a/version": object }), /its archive has no "a\/data\.pkl"/);
  await refused(await zip({ "a/data.pkl": object, "a/constants.pkl": object }), /is a TorchScript program/);
  await refused(
    await zip({ "a/data.pkl": object, "a/data/0": floats(1, 2), "a/byteorder": Buffer.from("middle") }),
    /byteorder must be "little" or "big"; got "middle"/,
  );
});

test("a file with the other byte order gives the same numbers", async () => {
  const bytes = floats(1.5, -2).swap32();
  const file = await opened(
    await makeZip(
      Object.entries({
        "a/data.pkl": Buffer.concat(stateDict(tensor())),
        "a/data/0": bytes,
        "a/byteorder": Buffer.from("big"),
      }).map(([name, content]) => ({ name, content, compress: false })),
    ),
  );
  assert.deepEqual([...(await file.readFloats("weight"))], [1.5, -2]);
  await file.close();
});

test("views beyond their storage, and sizes of any kind, are refused", async () => {
  const view = (parts: Parameters<typeof tensor>[0], message: RegExp): Promise<void> =>
    refused(legacyFile(stateDict(tensor(parts)), { 0: { count: 2, bytes: floats(1, 2) } }), message);
  await view({ offset: pickle.int(1) }, /a view of \[2\] from 1 in steps of \[1\], beyond the 2 numbers/);
  await view({ stride: sizes(2) }, /beyond the 2 numbers/);
  await view({ size: sizes(2 ** 50), stride: sizes(2 ** 50) }, /beyond the 2 numbers/);
  await view({ offset: pickle.int(-1) }, /a number as the offset/);
  await view({ size: sizes(-2) }, /a size or stride of another kind/);
  await view({ size: sizes(2, 1) }, /a size or stride of another kind/);
  await view(
    { size: sizes(...new Array<number>(17).fill(1)), stride: sizes(...new Array<number>(17).fill(1)) },
    /17 dimensions/,
  );
  await view(
    { size: sizes(2 ** 40), stride: sizes(0) },
    /"weight" of shape \[1099511627776\] has more numbers than the file/,
  );
  await view({ count: pickle.long(2n ** 62n) }, /a number as its number of elements/);
  await view({ hooks: pickle.int(1) }, /_rebuild_tensor_v2 with 6 arguments of other kinds/);
});

test("a file that is not from torch.save is refused with its kind", async () => {
  await refused(
    Buffer.from("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"),
    /pointer of Git LFS.*git lfs pull/,
  );
  await refused(Buffer.alloc(0), /it is empty/);
  await refused(Buffer.from("hello, world"), /begins with "hello, w", not with an archive or a pickle/);
  await refused(
    Buffer.concat([pickle.proto(), pickle.int(7), pickle.stop]),
    /a pickle, but torch\.save did not write it/,
  );
  await assert.rejects(openTorchFile(join(await folder, "gone.bin")), { code: "not-found" });
  await assert.rejects(openTorchFile(await folder), /must be a file; got a folder/);
});
