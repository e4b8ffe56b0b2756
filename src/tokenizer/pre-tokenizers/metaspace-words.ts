/** Parts of a text before which Metaspace puts its character: each part, the first part only, or no part. */
export type PrependScheme = "always" | "first" | "never";

/** Settings of a Metaspace pre-tokenizer. */
export interface MetaspaceOptions {
  /** The character for a space. */
  readonly replacement: string;
  readonly scheme: PrependScheme;
  /** Whether a word begins at each replacement. */
  readonly split: boolean;
  /** Whether the part begins where the whole text begins. */
  readonly first: boolean;
}

/**
 * The words of a text as Python's Metaspace pre-tokenizer splits it: each space becomes the replacement, and each
 * replacement begins a word.
 */
export function* metaspaceWords(text: string, options: MetaspaceOptions): Generator<string> {
  if (text === "") return;
  const { replacement, scheme, split, first } = options;
  let whole = text.includes(" ") ? text.replaceAll(" ", replacement) : text;
  if ((scheme === "always" || (scheme === "first" && first)) && !whole.startsWith(replacement))
    whole = replacement + whole;
  if (!split) {
    yield whole;
    return;
  }
  for (let start = 0; start < whole.length;) {
    const next = whole.indexOf(replacement, start + 1);
    const end = next === -1 ? whole.length : next;
    yield whole.slice(start, end);
    start = end;
  }
}
