/** Writes a word as a POSIX shell reads it: in quotes if it has characters that a shell interprets. */
export function shellWord(word: string): string {
  return /^[\w./:@%+,=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
