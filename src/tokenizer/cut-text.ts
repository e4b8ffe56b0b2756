/**
 * As much of a text as surely holds its first `maxLength` tokens, so that a text of a million characters costs no
 * more than one of a few thousand. WordPiece never looks across a blank, so that a text cut there has the whole
 * text's tokens up to the cut; and each word with an ASCII letter or digit is one token at least. So the text is cut
 * at the blank that follows `maxLength` such words.
 */
export function cutText(text: string, options: { maxLength: number }): { text: string; whole: boolean } {
  let words = 0;
  let counts = false; // whether the present word has a letter or digit
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x20 || code === 0x0a) {
      if (counts && ++words === options.maxLength) return { text: text.slice(0, i), whole: false };
      counts = false;
    } else if ((code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a)) {
      counts = true;
    }
  }
  return { text, whole: true };
}
