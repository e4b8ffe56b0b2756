/**
 * A text of at most `length` characters: a longer one ends in an ellipsis. Counts whole characters, not UTF-16 units.
 */
export function shortened(text: string, length: number): string {
  const characters = [...text];
  if (characters.length <= length) return text;
  const start = characters.slice(0, length - 1).join("");
  return `${start.trimEnd()}…`;
}
