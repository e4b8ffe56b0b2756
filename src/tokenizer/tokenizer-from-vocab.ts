/** The content of a BERT tokenizer.json made from an older checkpoint's vocab.txt: one token a line. */
export function tokenizerFromVocab(vocabText: string, options: { lowercase: boolean }): Record<string, unknown> {
  const tokens = vocabText.replace(/\r?\n$/, "").split(/\r?\n/);
  const vocab = Object.fromEntries(tokens.map((token, id) => [token, id]));
  const special = (id: string): Record<string, unknown> => ({ id, ids: [vocab[id]], tokens: [id] });
  const item = (id: string, typeId: number): Record<string, unknown> => ({ SpecialToken: { id, type_id: typeId } });
  return {
    version: "1.0",
    added_tokens: ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].filter((content) => content in vocab).map((content) => ({ id: vocab[content], content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true })),
    normalizer: { type: "BertNormalizer", clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: options.lowercase },
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: {
      type: "TemplateProcessing",
      single: [item("[CLS]", 0), { Sequence: { id: "A", type_id: 0 } }, item("[SEP]", 0)],
      pair: [item("[CLS]", 0), { Sequence: { id: "A", type_id: 0 } }, item("[SEP]", 0), { Sequence: { id: "B", type_id: 1 } }, item("[SEP]", 1)],
      special_tokens: { "[CLS]": special("[CLS]"), "[SEP]": special("[SEP]") },
    },
    decoder: { type: "WordPiece", prefix: "##", cleanup: true },
    model: { type: "WordPiece", unk_token: "[UNK]", continuing_subword_prefix: "##", max_input_chars_per_word: 100, vocab },
  };
}
