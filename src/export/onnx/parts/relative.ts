import { makePositions, makeRelative } from "../../../model/layout";
import { relativeBucket } from "../../../model/parts/relative-bias";
import { positionIndex } from "../../../model/parts/relative-positions";
import { rotaryTables } from "../../../ops/rotary-tables";
import type { Value } from "../graph-builder";
import type { GraphInputs } from "./graph-inputs";
import { graphParts, norm, slice, type GraphContext } from "./graph-parts";

/** Values that depend on the distances of tokens. Each is added to the graph when a layer first needs it. */
export interface RelativeParts {
  /** Addends of the attention scores (MPNet): [heads, length, length]. */
  readonly bias: Value | undefined;
  /** Embeddings of relative positions (DeBERTa), and the row of each pair of tokens. */
  readonly positions: { readonly rows: Value; readonly index: Value } | undefined;
  /** Cosine and sine of the angles for a base (ModernBERT): [length, headDim / 2]. */
  readonly rotary: (theta: number) => { readonly cos: Value; readonly sin: Value };
  /** Whether two tokens are near each other: [length, length]. */
  readonly near: (window: number) => Value;
}

/** Adds the nodes for distances of tokens that the layers of an encoder share. */
export function relativeParts(context: GraphContext, inputs: GraphInputs): RelativeParts {
  const { builder, config } = context;
  return {
    bias: relativeBias(context, inputs),
    positions: relativePositions(context, inputs),
    rotary: memo((theta) => {
      const headDim = config.hiddenSize / config.numAttentionHeads;
      const tables = rotaryTables({ positions: config.maxTokens, headDim, theta });
      const [cos, sin] = (["cos", "sin"] as const).map((kind) => {
        const shape = [config.maxTokens, headDim / 2];
        const whole = builder.store({
          name: `rotary.${theta}.${kind}`,
          type: "float",
          shape,
          read: async () => tables[kind],
        });
        return slice(context, whole, { begin: 0, end: inputs.length, axis: 0 });
      });
      return { cos, sin };
    }),
    near: memo((window) =>
      builder.node("LessOrEqual", [builder.node("Abs", [inputs.distances()]), builder.ints(window)]),
    ),
  };
}

function relativeBias(context: GraphContext, inputs: GraphInputs): Value | undefined {
  const { builder, weights, config } = context;
  const table = makeRelative(config, graphParts(config));
  if (table === undefined) return undefined;
  const reach = config.maxTokens - 1;
  const buckets = Int32Array.from({ length: 2 * reach + 1 }, (_, i) => relativeBucket(i - reach));
  const index = ofDistances(context, inputs, { name: "relative.buckets", values: buckets });
  const rows = builder.node("Gather", [weights.table(table), index]); // [length, length, heads]
  return builder.node("Transpose", [rows], { perm: [2, 0, 1] });
}

function relativePositions(context: GraphContext, inputs: GraphInputs): RelativeParts["positions"] {
  const { weights, config } = context;
  const { disentangled } = config.structure;
  const made = makePositions(config, graphParts(config));
  if (made === undefined || disentangled === undefined) return undefined;
  const table = weights.table(made.table);
  const values = positionIndex(disentangled, config.maxTokens - 1);
  return {
    rows: made.norm === undefined ? table : norm(context, table, made.norm), // [positions, width]
    index: ofDistances(context, inputs, { name: "relative.positions", values }),
  };
}

/** A whole number for each pair of tokens by their distance, from a list for the distances of the longest text. */
function ofDistances(
  { builder }: GraphContext,
  { distances }: GraphInputs,
  { name, values }: { name: string; values: Int32Array },
): Value {
  const reach = (values.length - 1) / 2;
  const read = async (): Promise<BigInt64Array> => BigInt64Array.from(values, BigInt);
  const list = builder.store({ name, type: "int64", shape: [values.length], read });
  return builder.node("Gather", [list, builder.node("Add", [distances(), builder.ints(reach)])]);
}

function memo<T>(make: (key: number) => T): (key: number) => T {
  const made = new Map<number, T>();
  return (key) => {
    const found = made.get(key) ?? make(key);
    made.set(key, found);
    return found;
  };
}
