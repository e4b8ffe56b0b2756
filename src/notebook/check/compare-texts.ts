/** Allowed distance of two numbers: |a - b| <= absolute + relative * |b|, as numpy's allclose. */
export interface Tolerance {
  readonly relative: number;
  readonly absolute: number;
}

const NUMBER = /[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?/g;

/** Whether two numbers are the same within a tolerance; NaN is NaN. */
export function closeTo(found: number, expected: number, { relative, absolute }: Tolerance): boolean {
  if (Object.is(found, expected) || found === expected) return true;
  if (!Number.isFinite(found) || !Number.isFinite(expected)) return Number.isNaN(found) && Number.isNaN(expected);
  return Math.abs(found - expected) <= absolute + relative * Math.abs(expected);
}

/**
 * Whether two texts are equal: numbers within a tolerance, everything else exactly. The width of white space is
 * ignored, since it depends on the columns of numbers.
 */
export function sameText(found: string, expected: string, tolerance: Tolerance): boolean {
  if (found === expected) return true;
  const [a, b] = [tokens(found), tokens(expected)];
  return (
    a.length === b.length &&
    a.every((token, at) => token === b[at] || (at % 2 === 1 && closeTo(Number(token), Number(b[at]), tolerance)))
  );
}

/** Texts at even places, the numbers between them at odd ones. */
function tokens(text: string): string[] {
  const found: string[] = [];
  let end = 0;
  for (const match of text.matchAll(NUMBER)) {
    const start = match.index ?? end;
    found.push(blanksJoined(text.slice(end, start)), match[0]);
    end = start + match[0].length;
  }
  return [...found, blanksJoined(text.slice(end))];
}

function blanksJoined(text: string): string {
  return text
    .replace(/[ \t]+/g, " ")
    .replace(/ ?\n ?/g, "\n")
    .replace(/-{2,}/g, "--");
}
