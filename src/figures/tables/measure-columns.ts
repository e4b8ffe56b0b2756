const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;

/** Counts the terminal columns of a text: none for combining marks, two for CJK and emoji. */
export function measureColumns(text: string): number {
  let columns = 0;
  for (const character of text) if (!/\p{M}|\p{Cf}/u.test(character)) columns += WIDE.test(character) ? 2 : 1;
  return columns;
}
