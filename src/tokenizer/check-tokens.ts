import type { Problems } from "../base/problems";
import { shownNames } from "../base/shown-value";
import type { AddedToken } from "./added-tokens";
import type { TokenizerFiles } from "./read-tokenizer-files";

/** Embeddings may be padded to a multiple of 8 or a larger power of two, up to this many rows. */
const PADDED_TO = 512;

/**
 * Checks the ids of a vocabulary and its added tokens together, and compares their number with the model's embeddings.
 * The embeddings may have spare rows, but must not have too few.
 */
export function checkTokens(
  { vocab, source, embeddings, openEnd = false }: TokenizerFiles,
  { added, problems }: { added: readonly AddedToken[]; problems: Problems },
): void {
  const tokens = new Map<number, string>([...vocab].map(([token, id]) => [id, token]));
  for (const { content, id } of added) {
    const other = tokens.get(id);
    problems.expect(
      other === undefined || other === content,
      `the added token ${shownNames([content])} must have an id of its own; ${id} is ${shownNames([other ?? ""])}`,
    );
    tokens.set(id, content);
  }
  let last = -1;
  for (const id of tokens.keys()) last = Math.max(last, id);
  if (embeddings !== undefined && last >= embeddings) {
    const beyond = [...tokens].filter(([id]) => id >= embeddings).map(([, token]) => token);
    problems.expect(
      false,
      `every token's id must be below the model's vocab_size, ${embeddings}; ${shownNames(beyond)} ${beyond.length === 1 ? "is" : "are"} not, and the largest id is ${last}. Take the tokenizer that the model was trained with`,
    );
  } else if (
    tokens.size <= last &&
    problems.expect(last < 2 ** 24, `ids must be numbered without gaps; ${tokens.size} tokens have ids up to ${last}`)
  ) {
    const gaps: number[] = [];
    for (let id = 0; id < last && gaps.length < 5; id++) if (!tokens.has(id)) gaps.push(id);
    problems.expect(
      false,
      `ids must be numbered without gaps; ${last + 1 - tokens.size} of 0 to ${last} are no token's: ${gaps.join(", ")}${last + 1 - tokens.size > gaps.length ? ", …" : ""}`,
    );
  }
  // only this check finds that the end of a list of lines is missing
  const spare = (embeddings ?? 0) - tokens.size;
  if (source === "vocab.txt" && embeddings !== undefined && Number.isInteger(embeddings))
    problems.expect(
      spare < (openEnd ? 1 : paddingOf(embeddings)),
      `vocab.txt must have as many tokens as the model's vocab_size, ${embeddings}; it has ${tokens.size}. Was its end cut off?`,
    );
}

/** The largest power of two from 8 to {@link PADDED_TO} that a number is a multiple of, or 1. */
function paddingOf(rows: number): number {
  let power = PADDED_TO;
  while (power >= 8 && rows % power !== 0) power /= 2;
  return power >= 8 ? power : 1;
}
