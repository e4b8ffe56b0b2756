import { CharClass, classOf } from "./char-class";

/** A token that is matched literally in the text, before normalization by default. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  /** Matches only if it is not part of a longer word. */
  readonly singleWord: boolean;
  /** Includes the spaces before it. */
  readonly lstrip: boolean;
  /** Includes the spaces after it. */
  readonly rstrip: boolean;
  /** Matches its normalized content in the normalized text. */
  readonly normalized: boolean;
}

/** A piece of a text: an added token, or the text between two added tokens. */
export type TextPiece =
  { readonly kind: "token"; readonly id: number } | { readonly kind: "text"; readonly text: string };

/**
 * Splits texts at added tokens as Python's tokenizers do: the leftmost match wins, then the longest.
 *
 * @param tokens - the tokens, with the content to look for
 */
export function addedTokenSplitter(tokens: readonly AddedToken[]): (text: string) => Iterable<TextPiece> {
  const root = trieOf(tokens);
  if (root.next.size === 0) return (text) => (text === "" ? [] : [{ kind: "text", text }]);
  return function* (text) {
    let start = 0; // start of the rest of the text
    for (let at = 0; at < text.length;) {
      const token = root.next.has(text.charCodeAt(at)) ? longestAt(root, text, at) : undefined;
      if (token === undefined) {
        at++;
        continue;
      }
      let [begin, end] = [at, at + token.content.length];
      at = end;
      if (token.singleWord && ((begin > 0 && isWordAt(text, begin - 1)) || (end < text.length && isWordAt(text, end))))
        continue;
      if (token.lstrip) while (begin > start && isBlankAt(text, begin - 1)) begin--;
      if (token.rstrip) while (end < text.length && isBlankAt(text, end)) end++;
      if (start < begin) yield { kind: "text", text: text.slice(start, begin) };
      yield { kind: "token", id: token.id };
      start = end;
    }
    if (start < text.length) yield { kind: "text", text: text.slice(start) };
  };
}

/** A node of a tree of tokens by UTF-16 units. A regular expression of very many tokens would be too large. */
interface TrieNode {
  readonly next: Map<number, TrieNode>;
  token?: AddedToken;
}

function trieOf(tokens: readonly AddedToken[]): TrieNode {
  const root: TrieNode = { next: new Map() };
  for (const token of tokens) {
    let node = root;
    for (let i = 0; i < token.content.length; i++) {
      const unit = token.content.charCodeAt(i);
      const next: TrieNode = node.next.get(unit) ?? { next: new Map() };
      node.next.set(unit, next);
      node = next;
    }
    if (node !== root) node.token = token;
  }
  return root;
}

/** The longest token at a position of the text. */
function longestAt(root: TrieNode, text: string, at: number): AddedToken | undefined {
  let token: AddedToken | undefined;
  let node: TrieNode | undefined = root;
  for (let i = at; node !== undefined; i++) {
    token = node.token ?? token;
    node = i < text.length ? node.next.get(text.charCodeAt(i)) : undefined;
  }
  return token;
}

function isBlankAt(text: string, i: number): boolean {
  return (classOf(text.charCodeAt(i)) & CharClass.blank) !== 0;
}

/** Whether the character at this UTF-16 unit is part of a word. */
function isWordAt(text: string, i: number): boolean {
  const low = text.charCodeAt(i) >= 0xdc00 && text.charCodeAt(i) < 0xe000;
  return (classOf(text.codePointAt(low && i > 0 ? i - 1 : i) ?? 0) & CharClass.word) !== 0;
}
