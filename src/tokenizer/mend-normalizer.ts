/**
 * What @xenova/transformers 2.17's BertNormalizer leaves undone of Python's, done to the text before it: accents of
 * all scripts are stripped (it knows those from U+0300 to U+036F), and ideographs beyond the basic plane stand by
 * themselves.
 */
export function mendNormalizer(normalizer: unknown): (text: string) => string {
  const { type, lowercase, strip_accents: strip, handle_chinese_chars: split } = (normalizer ?? {}) as Record<string, unknown>;
  if (type !== "BertNormalizer") return (text) => text;
  const strips = strip === true || (strip !== false && lowercase === true);
  return (text) => {
    const stripped = strips ? text.normalize("NFD").replace(/\p{Mn}/gu, "") : text;
    return split === false ? stripped : stripped.replace(/[\u{20000}-\u{2a6df}\u{2a700}-\u{2ceaf}\u{2f800}-\u{2fa1f}]/gu, " $& ");
  };
}
