import type { Random } from "../../../src/base/random";
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

/** Most tokens of ModernBERT. */
const LONGEST = 8192;

/** Random models of 1 to 6 layers on documents of 1 to 512 tokens; ModernBERT's also on its longest. */
export const line: ParityLine = {
  title: "logits: depths 1-6, with and without padding, lengths 1 to 512, ModernBERT's to 8,192",
  against: "transformers",
  async run({ random, folder, cases, types, python, note }) {
    const each = cases(3);
    const drawn = types.flatMap((kind) =>
      [1, 2, 3, 4, 5, 6].flatMap((depth) =>
        Array.from({ length: each }, () => randomModelCase(random, { kind, depth, longest: 512 })),
      ),
    );
    if (types.includes("modernbert")) for (let i = 0; i < cases(2); i++) drawn.push(longCase(random));
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
      const name = at.longest === LONGEST ? `${at.kind} at ${LONGEST} tokens` : at.kind;
      take(`${name}, padded`, rows, reference.padded, at);
      take(`${name}, one by one`, rows, reference.alone, at);
      take(`${name}, double precision`, rows, reference.exact, at);
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

/** A narrow ModernBERT with local and global layers, and two documents: one of the most tokens, one shorter. */
function longCase(random: Random): ModelCase {
  for (;;) {
    const drawn = randomModelCase(random, { kind: "modernbert", depth: 2 + random.below(3), longest: LONGEST });
    const kinds = new Set(drawn.config.layer_types as readonly string[]);
    if (drawn.width > 64 || kinds.size < 2) continue;
    const documents = [LONGEST, LONGEST / 2 + random.below(LONGEST / 2)].map((length) =>
      Array.from({ length }, () => 2 + random.below(drawn.vocabSize - 2)),
    );
    return { ...drawn, documents, labels: documents.map(() => 0) };
  }
}
