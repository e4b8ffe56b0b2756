import type { TextInput } from "../../base/text-input";
import { ServeError } from "../serve-error";
import type { PredictInputs } from "./schemas";

/** The texts of a request, and whether they were given as a batch. */
export interface ParsedInputs {
  readonly texts: readonly TextInput[];
  readonly isBatch: boolean;
}

/**
 * Reads `inputs` as text-embeddings-inference does: a list of strings is one text or one pair, a list of lists is a
 * batch.
 *
 * @throws ServeError 413 for too many texts, 422 for none or an empty one
 */
export function parseInputs(inputs: PredictInputs, { most }: { most: number }): ParsedInputs {
  const isBatch = Array.isArray(inputs) && (inputs.length === 0 || Array.isArray(inputs[0]));
  const rows = (isBatch ? inputs : [inputs]) as readonly (string | readonly string[])[];
  if (rows.length === 0)
    throw new ServeError(422, "Empty", "`inputs` cannot be empty: a batch needs at least one text.");
  if (rows.length > most)
    throw new ServeError(
      413,
      "Validation",
      `batch size ${rows.length} > maximum allowed batch size ${most}. Send several requests.`,
    );
  const texts = rows.map((row) => textOf(row));
  const empty = texts.findIndex((text) => (typeof text === "string" ? text : text.join("")) === "");
  if (empty >= 0)
    throw new ServeError(422, "Empty", `\`inputs\` cannot be empty: the text at index ${empty} has no characters.`);
  return { texts, isBatch };
}

function textOf(row: string | readonly string[]): TextInput {
  if (typeof row === "string") return row;
  return row.length === 1 ? row[0] : [row[0], row[1]];
}
