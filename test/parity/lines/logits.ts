import { sharedOps } from "../../../src/ops/shared-ops";
import { loadClassificationModel } from "../../../src/model/load-classification-model";
import { batchOf, maxDifference, unpack } from "../../model/fixture";
import type { Measure, ParityLine } from "../parity-line";
import { described, randomModelCase, type ModelCase } from "../random-cases";

interface Reference {
  readonly path: string;
  readonly padded: readonly (readonly number[])[];
  readonly alone: readonly (readonly number[])[];
  readonly exact: readonly (readonly number[])[];
}

/** Random models of 1 to 6 layers on documents of 1 to 512 tokens. */
export const line: ParityLine = {
  title: "logits: depths 1-6, with and without padding, lengths 1 to 512",
  against: "transformers",
  async run({ random, folder, cases, types, python, note }) {
    const each = cases(3);
    const drawn = types.flatMap((kind) =>
      [1, 2, 3, 4, 5, 6].flatMap((depth) =>
        Array.from({ length: each }, () => randomModelCase(random, { kind, depth, longest: 512 })),
      ),
    );
    const references = (await python({ cases: drawn, folder })) as Reference[];
    const ops = sharedOps();
    const worst = new Map<string, { cases: number; largest: number; at: ModelCase; type?: string }>();
    const take = (
      what: string,
      rows: readonly (readonly number[])[],
      expected: readonly (readonly number[])[],
      at: ModelCase,
    ): void => {
      const largest = Math.max(...rows.map((row, i) => maxDifference(row, expected[i])));
      const known = worst.get(what);
      worst.set(what, {
        ...(what.startsWith("torch") ? {} : { type: at.kind }),
        cases: (known?.cases ?? 0) + rows.length,
        largest: Math.max(largest, known?.largest ?? 0),
        at: known === undefined || !(largest <= known.largest) ? at : known.at,
      });
    };
    for (const [i, reference] of references.entries()) {
      const at = drawn[i];
      const { model } = await loadClassificationModel(reference.path, { ops, numLabels: at.numLabels, seed: 1 });
      const batch = batchOf(at);
      const logits = model.predict(batch);
      const rows = unpack(await ops.read(logits), batch, at.numLabels);
      ops.dispose(logits);
      model.dispose();
      take(`${at.kind}, padded`, rows, reference.padded, at);
      take(`${at.kind}, one by one`, rows, reference.alone, at);
      take(`${at.kind}, double precision`, rows, reference.exact, at);
      take("torch to itself in double precision", reference.padded, reference.exact, at);
    }
    const itself = worst.get("torch to itself in double precision");
    note(
      `PyTorch in single precision is up to ${itself?.largest.toExponential(1) ?? "?"} from itself in double precision`,
    );
    worst.delete("torch to itself in double precision");
    return [...worst].map(([what, { cases: count, largest, at, type }]): Measure => ({
      type,
      what,
      cases: count,
      largest,
      bound: 1e-5,
      worst: described(at),
    }));
  },
};
