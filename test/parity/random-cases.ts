import type { Random } from "../../src/base/random";
import { ARCHITECTURES, type Sizes } from "./architectures";

/** A random small model and documents for it; `test/parity/lines/random_models.py` draws its weights. */
export interface ModelCase extends Sizes {
  /** The `model_type`. */
  readonly kind: string;
  /** The other fields of config.json, in transformers' names. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Fields that replace those of the saved config.json; null removes one. */
  readonly saved?: Readonly<Record<string, unknown>>;
  readonly numLabels: number;
  readonly seed: number;
  readonly documents: readonly (readonly number[])[];
  readonly labels: readonly number[];
}

interface CaseOptions {
  readonly kind: string;
  readonly depth: number;
  /** Most tokens of a document. */
  readonly longest: number;
  /**
   * Most units in all layers and rows for which ReLU may be drawn. Of millions of units, one is so near 0 that rounding
   * decides its sign, and so its gradient: then a difference is no error of either side.
   * @default Infinity
   */
  readonly mostKinks?: number;
}

/** A case of a model type and depth; one document in eight or so holds the pad token itself. */
export function randomModelCase(
  random: Random,
  { kind, depth, longest, mostKinks = Infinity }: CaseOptions,
): ModelCase {
  const { draw, padTokenId = 0 } = ARCHITECTURES[kind];
  const wide = random.below(8) === 0;
  const heads = wide ? 12 : 1 + random.below(6);
  // of two numbers a layer norm leaves but their signs, and no gradient goes through: a width of 4 is the least that
  // measures
  const perHead = kind === "modernbert" ? 2 * (1 + random.below(6)) : 2 + random.below(12); // a rotation turns pairs
  const width = wide ? 384 : heads * (heads * perHead < 4 ? 4 : perHead);
  const inner = wide ? 1536 : 8 + random.below(120);
  const vocabSize = 60 + random.below(200);
  const numLabels = 2 + random.below(4);
  const documents = randomDocuments(random, { longest, vocabSize, padTokenId });
  const units = documents.reduce((sum, { length }) => sum + length, 0) * inner * depth;
  const sizes: Sizes = {
    depth,
    width,
    heads,
    inner,
    vocabSize,
    longest,
    types: 1 + random.below(2),
    epsilon: [1e-12, 1e-5, 1e-7][random.below(3)],
    activation: random.below(4) === 0 && units <= mostKinks ? "relu" : "gelu",
    // at a width of 384 and 0.2 attention saturates, and PyTorch is 1e-4 from itself in double precision: no measure
    spread: (wide ? [0.02, 0.04, 0.05] : [0.02, 0.1, 0.2])[random.below(3)],
    padTokenId,
  };
  const { fields, saved } = draw(random, sizes);
  return {
    kind,
    ...sizes,
    config: fields,
    ...(saved === undefined ? {} : { saved }),
    numLabels,
    seed: random.below(2 ** 31),
    documents,
    labels: documents.map(() => random.below(numLabels)),
  };
}

function randomDocuments(
  random: Random,
  { longest, vocabSize, padTokenId }: { longest: number; vocabSize: number; padTokenId: number },
): number[][] {
  const edges = [1, 2, longest - 1, longest];
  return Array.from({ length: 1 + random.below(6) }, () => {
    const length = random.below(4) === 0 ? edges[random.below(edges.length)] : 1 + random.below(longest);
    const ids = Array.from({ length }, () => 2 + random.below(vocabSize - 2));
    if (random.below(8) === 0) ids[random.below(length)] = padTokenId;
    return ids;
  });
}

/** A case in a line, so that it can be looked for. */
export function described({ kind, depth, config, spread, documents, seed }: ModelCase): string {
  return `${kind}, ${depth} layers, ${JSON.stringify(config)}, spread ${spread}, lengths ${documents.map(({ length }) => length).join(" ")}, weights' seed ${seed}`;
}
