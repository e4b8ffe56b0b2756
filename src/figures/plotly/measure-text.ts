// Advance widths of Helvetica and Arial for U+0020 to U+007E, in thousandths of the font size.
const WIDTHS = [
  278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
  556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
  722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556,
  556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334,
  260, 334, 584,
];

/** Factor for fonts that replace Helvetica, which may be wider. */
const WIDER = 1.12;

/**
 * Estimates the width in pixels of a line of text in a sans-serif font of the given size. An upper estimate, since the
 * reader's font is unknown.
 */
export function measureText(text: string, fontSize: number): number {
  let width = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code >= 0x1100)
      width += 1000; // CJK and emoji fill a square
    else width += WIDTHS[code - 0x20] ?? 600;
  }
  return (width / 1000) * fontSize * WIDER;
}
