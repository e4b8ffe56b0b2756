/** One part of a pattern: any text, or one character of a set. */
type Part = "*" | ((char: string) => boolean);

const TOKENS = /\[!?[^\]]+\]|[\s\S]/gu;

/**
 * Compiles a pattern for file names: `*` matches any text, `?` one character, `[a-z]` a character of a set, `[!a-z]` a
 * character outside it. The time of a match is bounded by the two lengths, for any number of stars.
 */
export function nameMatcher(pattern: string): (name: string) => boolean {
  const parts = (pattern.match(TOKENS) ?? []).map(partOf);
  return (name) => matches(parts, Array.from(name));
}

function partOf(token: string): Part {
  if (token === "*") return "*";
  if (token === "?") return () => true;
  return token.startsWith("[") && token.length > 1 ? setOf(token) : (char) => char === token;
}

/** A set such as `[a-z_]` or `[!0-9]`; a reversed range matches no character. */
function setOf(token: string): Part {
  const isNegated = token.startsWith("[!");
  const chars = Array.from(token.slice(isNegated ? 2 : 1, -1));
  const ranges: (readonly [from: string, to: string])[] = [];
  for (let at = 0; at < chars.length; at++) {
    const isRange = chars[at + 1] === "-" && at + 2 < chars.length;
    ranges.push([chars[at], chars[isRange ? at + 2 : at]]);
    if (isRange) at += 2;
  }
  const code = (char: string): number => char.codePointAt(0) ?? 0;
  return (char) => ranges.some(([from, to]) => code(from) <= code(char) && code(char) <= code(to)) !== isNegated;
}

/** Matches greedily; after a mismatch, only the latest star takes one more character. */
function matches(parts: readonly Part[], chars: readonly string[]): boolean {
  let [at, place] = [0, 0];
  let star: { readonly at: number; taken: number } | undefined;
  while (place < chars.length) {
    const part = parts.at(at);
    if (part === "*") {
      star = { at, taken: place };
      at++;
    } else if (at < parts.length && part?.(chars[place]) === true) {
      at++;
      place++;
    } else if (star !== undefined) {
      place = ++star.taken;
      at = star.at + 1;
    } else return false;
  }
  return parts.slice(at).every((part) => part === "*");
}
