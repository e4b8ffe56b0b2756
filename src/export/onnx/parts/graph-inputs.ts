import type { EncoderConfig } from "../../../model/encoder-structure";
import { architectureOf } from "../../../model/architectures/index";
import type { Value } from "../graph-builder";
import { TensorProto_DataType } from "../schema/onnx_pb";
import type { GraphContext } from "./graph-parts";

/** The inputs of a graph, and values derived from them that all layers read. */
export interface GraphInputs {
  /** Token ids, int64 [batch, length]. */
  readonly ids: Value;
  /** Token types, int64 [batch, length]; undefined if there is no such input. */
  readonly types: Value | undefined;
  /** Whether a token is no padding, bool [batch, 1, 1, length]. */
  readonly mask: Value;
  /** The same as 1 and 0, float [batch, length, 1]. */
  readonly weight: () => Value;
  /** The number of tokens, int64 [1]. */
  readonly length: Value;
  /** The distance j - i of each token j from token i, int64 [length, length]. */
  readonly distances: () => Value;
}

/** Names of a model's inputs, as transformers and optimum name them for its type. */
export function inputNames(config: EncoderConfig): string[] {
  const { namesTypes = true } = architectureOf(config.modelType);
  // A type that does not name them can still have been trained with several.
  const hasTypes = config.typeVocabSize > (namesTypes ? 0 : 1);
  return ["input_ids", "attention_mask", ...(hasTypes ? ["token_type_ids"] : [])];
}

/** Adds the nodes that prepare the inputs. */
export function graphInputs({ builder, config }: GraphContext): GraphInputs {
  const [ids, attentionMask, types] = inputNames(config) as [string, string, string?];
  const node = builder.node.bind(builder);
  let distances: Value | undefined;
  const makeDistances = (): Value => {
    const length = node("Squeeze", [size, builder.ints([0])]);
    const positions = node("Range", [builder.ints(0), length, builder.ints(1)]); // [length]
    const [row, column] = [0, 1].map((axis) => node("Unsqueeze", [positions, builder.ints([axis])]));
    return node("Sub", [row, column]);
  };
  const size = node("Shape", [ids], { start: 1, end: 2 });
  const { BOOL, FLOAT } = TensorProto_DataType;
  return {
    ids,
    types,
    mask: node("Unsqueeze", [node("Cast", [attentionMask], { to: BOOL }), builder.ints([1, 2])]),
    weight: () => node("Unsqueeze", [node("Cast", [attentionMask], { to: FLOAT }), builder.ints([2])]),
    length: size,
    distances: () => (distances ??= makeDistances()),
  };
}
