import type { Positions } from "../encoder-structure";
import type { PackedBatch } from "./packed-batch";

/** The position of each token in its embedding, [rows]. */
export function positionIds(batch: Pick<PackedBatch, "ids" | "positions">, positions: Positions): Int32Array {
  const { countedFrom } = positions.kind === "learned" ? positions : {};
  return countedFrom === undefined ? batch.positions : positionsAfterPad(batch, countedFrom);
}

/**
 * RoBERTa's position of each token, [rows]. Each document counts from the pad token's id + 1. As in transformers'
 * `create_position_ids_from_input_ids`, a pad token within a text that contains "<pad>" has the pad token's id as its
 * position and is not counted.
 */
function positionsAfterPad({ ids, positions }: Pick<PackedBatch, "ids" | "positions">, pad: number): Int32Array {
  let next = pad + 1;
  return ids.map((id, row) => {
    if (positions[row] === 0) next = pad + 1;
    return id === pad ? pad : next++;
  });
}
