import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { openTorchFile } from "../../../src/model/weights/torch/open-torch-file";
import type { Measure, ParityLine } from "../parity-line";

interface Reference {
  readonly path: string;
  readonly tensors: Readonly<
    Record<
      string,
      {
        readonly dtype: string;
        readonly shape: readonly number[];
        readonly bytes: string;
        readonly floats: string | null;
      }
    >
  >;
}

const FORMATS = ["zip", "zip, big-endian", "legacy"] as const;

/** State dicts that torch.save writes, of every element type, with views, shared and tied storages and parameters. */
export const line: ParityLine = {
  title: "files of torch.save, read without pickle",
  against: "torch.load(weights_only=True)",
  async run({ random, folder, cases, python }) {
    const files = join(folder, "files");
    await mkdir(files);
    const drawn = FORMATS.flatMap((format) =>
      Array.from({ length: cases(200) }, () => ({
        format,
        shape: random.below(5) === 0 ? "wrapped" : "plain",
        protocol: random.below(4) === 0 ? 3 : 2,
        seed: random.below(2 ** 31),
      })),
    );
    const references = (await python({ cases: drawn, folder: files })) as Reference[];
    const found = new Map<string, Measure>();
    for (const [i, { path, tensors }] of references.entries()) {
      const { format, seed } = drawn[i];
      const file = await openTorchFile(path);
      const take = (what: string, same: boolean, name: string): void => {
        const measure = found.get(`${what}, ${format}`) ?? {
          what: `${what}, ${format}`,
          cases: 0,
          largest: 0,
          bound: 0,
        };
        found.set(measure.what, {
          ...measure,
          cases: measure.cases + 1,
          largest: measure.largest + Number(!same),
          ...(same ? {} : { worst: `seed ${seed}, ${name}` }),
        });
      };
      take("names", [...file.entries.keys()].join("\n") === Object.keys(tensors).join("\n"), "");
      for (const [name, expected] of Object.entries(tensors)) {
        const entry = file.entries.get(name);
        const bytes = await file.readBytes(name);
        const same = entry?.dtype === expected.dtype && entry.shape.join() === expected.shape.join();
        take("bytes, types and shapes of tensors", same && digest(bytes) === expected.bytes, name);
        if (expected.floats !== null)
          take("tensors as 32-bit floats", digest(await file.readFloats(name)) === expected.floats, name);
      }
      await file.close();
    }
    return [...found.values()];
  },
};

function digest({ buffer, byteOffset, byteLength }: Uint8Array | Float32Array): string {
  return createHash("sha256")
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest("hex");
}
