import { CharClass, classOf } from "./char-class";

/** A token that is found in the text as it stands, before anything else looks at it. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  /** Only where it is not part of a longer word. */
  readonly singleWord: boolean;
  /** Takes the blanks before it. */
  readonly lstrip: boolean;
  /** Takes the blanks after it. */
  readonly rstrip: boolean;
  /** Looked for in the normalized text, by its own normalized content. */
  readonly normalized: boolean;
}

/** A piece of a text: an added token, or what lies between two. */
export type TextPiece = { readonly kind: "token"; readonly id: number } | { readonly kind: "text"; readonly text: string };

/**
 * Splits texts at added tokens as Python's tokenizers do: the leftmost first, of those that begin alike the longest.
 *
 * @param tokens - with the content to look for
 */
export function addedTokenSplitter(tokens: readonly AddedToken[]): (text: string) => Iterable<TextPiece> {
  const byContent = new Map<string, AddedToken>();
  for (const token of tokens) if (token.content !== "") byContent.set(token.content, token);
  if (byContent.size === 0) return (text) => (text === "" ? [] : [{ kind: "text", text }]);
  const contents = [...byContent.keys()].sort((a, b) => b.length - a.length);
  const pattern = contents.map((content) => content.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&")).join("|");
  return function* (text) {
    let start = 0;
    const next = new RegExp(pattern, "g");
    for (let match = next.exec(text); match !== null; match = next.exec(text)) {
      const token = byContent.get(match[0]);
      if (token === undefined) continue;
      let [begin, end] = [match.index, next.lastIndex];
      if (token.singleWord && ((begin > 0 && isWordAt(text, begin - 1)) || (end < text.length && isWordAt(text, end)))) continue;
      if (token.lstrip) while (begin > start && isBlankAt(text, begin - 1)) begin--;
      if (token.rstrip) while (end < text.length && isBlankAt(text, end)) end++;
      if (start < begin) yield { kind: "text", text: text.slice(start, begin) };
      yield { kind: "token", id: token.id };
      start = end;
    }
    if (start < text.length) yield { kind: "text", text: text.slice(start) };
  };
}

function isBlankAt(text: string, i: number): boolean {
  return (classOf(text.charCodeAt(i)) & CharClass.blank) !== 0;
}

/** Whether the character that covers this UTF-16 unit is part of a word. */
function isWordAt(text: string, i: number): boolean {
  const low = text.charCodeAt(i) >= 0xdc00 && text.charCodeAt(i) < 0xe000;
  return (classOf(text.codePointAt(low && i > 0 ? i - 1 : i) ?? 0) & CharClass.word) !== 0;
}
