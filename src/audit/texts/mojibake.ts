/** Characters that Windows-1252 and Latin-1 show for the second and later bytes of UTF-8. */
const LATER = "[\\u0080-\\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]";
/** The same without quotation marks, which may follow a capital letter. */
const NOT_A_QUOTE = "[\\u0080-\\u00aa\\u00ac-\\u00ba\\u00bc-\\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ•˜™š›œžŸ]";

const MOJIBAKE = new RegExp(
  [
    `[ÃÅÄ]${NOT_A_QUOTE}`, // é as Ã©
    "Â[\\u0080-\\u00aa\\u00ac-\\u00ba\\u00bc-\\u00bf]", // a no-break space as Â
    "Ã[–—]", // Ö as Ã–
    `â[€‚„†ˆ‰\\u0080\\u0082\\u0084\\u0086\\u0088\\u0089]${LATER}`, // quotation marks, dashes and signs as â€œ
    `(?:[ÎÏÐÑ]${LATER}){2,}`, // Greek and Cyrillic
    `ð[Ÿ\\u009f]${LATER}{2}`, // emoji
    "ï»¿", // a byte order mark
  ].join("|"),
  "u",
);

/** The first part of a text that looks like UTF-8 read as Windows-1252 or Latin-1, or undefined. */
export function findMojibake(text: string): string | undefined {
  return MOJIBAKE.exec(text)?.[0];
}
