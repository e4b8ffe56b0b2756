/** Letters of a text by script. */
export interface ScriptShares {
  readonly letters: number;
  readonly byScript: ReadonlyMap<string, number>;
}

/** Scripts that are distinguished. Japanese mixes three, which count as one with Chinese. */
const SCRIPTS: readonly (readonly [name: string, pattern: RegExp])[] = [
  ["Latin", /\p{sc=Latin}/u],
  ["Cyrillic", /\p{sc=Cyrillic}/u],
  ["Greek", /\p{sc=Greek}/u],
  ["Han or Kana", /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}]/u],
  ["Hangul", /\p{sc=Hangul}/u],
  ["Arabic", /\p{sc=Arabic}/u],
  ["Hebrew", /\p{sc=Hebrew}/u],
  ["Devanagari", /\p{sc=Devanagari}/u],
  ["Bengali", /\p{sc=Bengali}/u],
  ["Tamil", /\p{sc=Tamil}/u],
  ["Thai", /\p{sc=Thai}/u],
  ["Armenian", /\p{sc=Armenian}/u],
  ["Georgian", /\p{sc=Georgian}/u],
];

/** Counts a text's letters by script. */
export function scriptShares(text: string): ScriptShares {
  const byScript = new Map<string, number>();
  const latin = text.match(/[A-Za-z]/g)?.length ?? 0;
  if (latin > 0) byScript.set("Latin", latin);
  let letters = latin;
  for (const letter of text.match(/[^\p{ASCII}\P{L}]/gu) ?? []) {
    const name = SCRIPTS.find(([, pattern]) => pattern.test(letter))?.[0] ?? "other";
    byScript.set(name, (byScript.get(name) ?? 0) + 1);
    letters++;
  }
  return { letters, byScript };
}

/** The script of most letters of all texts, or undefined if there is none. */
export function mainScript(texts: readonly ScriptShares[]): string | undefined {
  const whole = new Map<string, number>();
  for (const { byScript } of texts)
    for (const [name, letters] of byScript) whole.set(name, (whole.get(name) ?? 0) + letters);
  return [...whole].sort(([, a], [, b]) => b - a)[0]?.[0];
}
