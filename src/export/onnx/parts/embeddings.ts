import { makeEmbeddings } from "../../../model/layout";
import { TensorProto_DataType } from "../schema/onnx_pb";
import type { Value } from "../graph-builder";
import type { GraphInputs } from "./graph-inputs";
import { graphParts, norm, slice, type GraphContext } from "./graph-parts";

/** The embeddings of all tokens: [batch, length, width]. */
export function embeddings(context: GraphContext, inputs: GraphInputs): Value {
  const { builder, weights, config } = context;
  const parts = makeEmbeddings(config, graphParts(config));
  let sum = weights.words(parts.words, inputs.ids);
  if (parts.positions !== undefined) sum = builder.node("Add", [sum, positionRows(context, parts.positions, inputs)]);
  if (parts.types !== undefined) {
    const types = inputs.types ?? builder.ints(0); // without an input, all tokens are of type 0
    sum = builder.node("Add", [sum, builder.node("Gather", [weights.table(parts.types), types])]);
  }
  const normed = norm(context, sum, parts.norm);
  return parts.projection === undefined ? normed : weights.linear(normed, parts.projection);
}

/** Rows of the positions' embedding: [length, width], or [batch, length, width] if pad tokens do not count. */
function positionRows(context: GraphContext, table: string, { ids, length }: GraphInputs): Value {
  const { builder, weights, config } = context;
  const { positions } = config.structure;
  const pad = positions.kind === "learned" ? positions.countedFrom : undefined;
  const rows = weights.table(table);
  if (pad === undefined) return slice(context, rows, { begin: 0, end: length, axis: 0 });
  // transformers' create_position_ids_from_input_ids
  const counts = builder.node("Cast", [builder.node("Not", [builder.node("Equal", [ids, builder.ints(pad)])])], {
    to: TensorProto_DataType.INT64,
  });
  const counted = builder.node("Mul", [builder.node("CumSum", [counts, builder.ints(1)]), counts]);
  return builder.node("Gather", [rows, builder.node("Add", [counted, builder.ints(pad)])]);
}
