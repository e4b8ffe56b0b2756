import type { EncoderConfig } from "../encoder-config";
import type { PackedBatch } from "./packed-batch";

/**
 * RoBERTa's position of each token, [rows]. Each document counts from the pad token's id + 1. As in transformers'
 * `create_position_ids_from_input_ids`, a pad token within a text that contains "<pad>" has the pad token's id as its
 * position and is not counted.
 */
export function robertaPositions(
  { ids, positions }: Pick<PackedBatch, "ids" | "positions">,
  { padTokenId = 1 }: Pick<EncoderConfig, "padTokenId">,
): Int32Array {
  let next = padTokenId + 1;
  return ids.map((id, row) => {
    if (positions[row] === 0) next = padTokenId + 1;
    return id === padTokenId ? padTokenId : next++;
  });
}
