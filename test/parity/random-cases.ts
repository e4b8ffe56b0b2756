import type { Random } from "../../src/base/random";

/** The types of random models. */
export type ModelKind = "bert" | "distilbert" | "roberta";

/** A random small model and documents for it; `test/parity/lines/random_models.py` draws its weights. */
export interface ModelCase {
  readonly kind: ModelKind;
  readonly depth: number;
  readonly width: number;
  readonly heads: number;
  readonly inner: number;
  readonly vocabSize: number;
  readonly positions: number;
  readonly types: number;
  readonly epsilon: number;
  readonly activation: "gelu" | "relu";
  /** Standard deviation of the weights. */
  readonly spread: number;
  readonly numLabels: number;
  readonly padTokenId: number;
  readonly seed: number;
  readonly documents: readonly (readonly number[])[];
  readonly labels: readonly number[];
}

/** A case of a kind and depth; one document in eight or so holds the pad token itself. */
export function randomModelCase(
  random: Random,
  { kind, depth, longest }: { kind: ModelKind; depth: number; longest: number },
): ModelCase {
  const wide = random.below(8) === 0;
  const heads = wide ? 12 : 1 + random.below(6);
  // of two numbers a layer norm leaves but their signs, and no gradient goes through: a width of 4 is the least that measures
  const width = wide ? 384 : Math.max(4, heads * (2 + random.below(12)));
  const padTokenId = kind === "roberta" ? 1 : 0;
  const vocabSize = 60 + random.below(200);
  const numLabels = 2 + random.below(4);
  const edges = [1, 2, longest - 1, longest];
  const documents = Array.from({ length: 1 + random.below(6) }, () => {
    const length = random.below(4) === 0 ? edges[random.below(edges.length)] : 1 + random.below(longest);
    const ids = Array.from({ length }, () => 2 + random.below(vocabSize - 2));
    if (random.below(8) === 0) ids[random.below(length)] = padTokenId;
    return ids;
  });
  return {
    kind,
    depth,
    width,
    heads,
    inner: wide ? 1536 : 8 + random.below(120),
    vocabSize,
    positions: longest + (kind === "roberta" ? padTokenId + 1 : 0) + random.below(3),
    types: 1 + random.below(2),
    epsilon: [1e-12, 1e-5, 1e-7][random.below(3)],
    activation: random.below(4) === 0 ? "relu" : "gelu",
    // at a width of 384 and 0.2 attention saturates, and PyTorch is 1e-4 from itself in double precision: no measure
    spread: (wide ? [0.02, 0.04, 0.05] : [0.02, 0.1, 0.2])[random.below(3)],
    numLabels,
    padTokenId,
    seed: random.below(2 ** 31),
    documents,
    labels: documents.map(() => random.below(numLabels)),
  };
}

/** A case in a line, so that it can be looked for. */
export function described({ kind, depth, width, heads, activation, spread, documents, seed }: ModelCase): string {
  return `${kind}, ${depth} layers, width ${width}, ${heads} heads, ${activation}, spread ${spread}, lengths ${documents.map(({ length }) => length).join(" ")}, weights' seed ${seed}`;
}
