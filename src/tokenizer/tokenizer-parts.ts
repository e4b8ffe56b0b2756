import { Problems } from "../base/problems";
import { TsloraError } from "../base/tslora-error";
import type { AddedToken } from "./added-tokens";
import type { BertNormalizerOptions } from "./bert-normalizer";
import { BYTE_CHARS } from "./byte-level-words";
import type { Json, TokenizerFiles } from "./read-tokenizer-files";

/** What a tokenizer does, settled: how its words come about, and its special tokens. */
export interface TokenizerParts {
  readonly words: { readonly kind: "bert"; readonly normalizer: BertNormalizerOptions | undefined } | { readonly kind: "byte-level"; readonly addPrefixSpace: boolean };
  readonly added: readonly AddedToken[];
  readonly cls: number;
  readonly sep: number;
  readonly pad: number;
  /** The model of a tokenizer.json. */
  readonly model: Json;
}

/** Classes that transformers builds from the vocabulary and tokenizer_config.json, whatever else tokenizer.json says. */
const REBUILT: Readonly<Record<string, TokenizerFiles["kind"]>> = { BertTokenizer: "WordPiece", DistilBertTokenizer: "WordPiece", RobertaTokenizer: "BPE" };
const SPECIAL = {
  WordPiece: { unk_token: "[UNK]", sep_token: "[SEP]", pad_token: "[PAD]", cls_token: "[CLS]", mask_token: "[MASK]" },
  BPE: { bos_token: "<s>", eos_token: "</s>", unk_token: "<unk>", sep_token: "</s>", pad_token: "<pad>", cls_token: "<s>", mask_token: "<mask>" },
} as const;

/**
 * Settles what transformers makes of a tokenizer's files.
 *
 * @throws TsloraError `unsupported` for a part that is not known, `bad-input` for a vocabulary without what it needs.
 */
export function tokenizerParts(files: TokenizerFiles): TokenizerParts {
  const { directory, kind, config, json, vocab, className } = files;
  const rebuilt = json === undefined || className in REBUILT;
  const problems = new Problems(`The tokenizer in ${directory}`);
  if (className in REBUILT) problems.expect(REBUILT[className] === kind, `tokenizer_class is "${className}", which is ${REBUILT[className]}, and its vocabulary is of ${kind}`);
  problems.expect((config.split_special_tokens ?? false) === false, '"split_special_tokens" is to be false');
  const side = config.truncation_side ?? (json?.truncation as Json | undefined)?.direction ?? "right";
  problems.expect(side === "right" || side === "Right", "texts are to be cut at their end; its truncation side is the left one");
  const words = kind === "WordPiece" ? bertParts(files, { rebuilt, problems }) : byteLevelParts(files, { rebuilt, problems });
  problems.throwIfAny("unsupported");

  const added = addedTokens(files);
  const id = (token: string): number => {
    const found = vocab.get(token) ?? added.find(({ content }) => content === token)?.id;
    if (found === undefined) throw new TsloraError("bad-input", `The vocabulary in ${directory} lacks ${token}.`);
    return found;
  };
  const named = (key: "cls_token" | "sep_token" | "pad_token" | "unk_token"): string => contentOf(config[key]) ?? SPECIAL[kind][key];
  const ends = rebuilt ? undefined : endsOf(json, directory);
  const shared = { words, added, cls: id(ends?.cls ?? named("cls_token")), sep: id(ends?.sep ?? named("sep_token")), pad: id(named("pad_token")) };
  if (kind === "BPE") return { ...shared, model: { type: "BPE", vocab: Object.fromEntries(vocab), merges: files.merges } };
  const stated = rebuilt ? {} : ((json?.model ?? {}) as Json);
  const unk = contentOf(stated.unk_token) ?? named("unk_token");
  if (!vocab.has(unk)) throw new TsloraError("bad-input", `The vocabulary in ${directory} lacks ${unk}.`);
  return { ...shared, model: { type: "WordPiece", vocab: Object.fromEntries(vocab), unk_token: unk, continuing_subword_prefix: stated.continuing_subword_prefix ?? "##", max_input_chars_per_word: stated.max_input_chars_per_word ?? 100 } };
}

function bertParts({ json, config }: TokenizerFiles, { rebuilt, problems }: { rebuilt: boolean; problems: Problems }): TokenizerParts["words"] {
  const normalizer = rebuilt ? { type: "BertNormalizer", clean_text: true, handle_chinese_chars: config.tokenize_chinese_chars, strip_accents: config.strip_accents, lowercase: config.do_lower_case } : ((json?.normalizer ?? undefined) as Json | undefined);
  const splitter = rebuilt ? "BertPreTokenizer" : (json?.pre_tokenizer as Json | undefined)?.type;
  problems.expect(normalizer === undefined || normalizer.type === "BertNormalizer", `its normalizer is to be a BertNormalizer or none; it is ${JSON.stringify(normalizer?.type)}`);
  problems.expect(splitter === "BertPreTokenizer", `its pre_tokenizer is to be a BertPreTokenizer; it is ${JSON.stringify(splitter)}`);
  if (normalizer === undefined) return { kind: "bert", normalizer };
  const lowercase = (normalizer.lowercase ?? true) === true;
  const strip = normalizer.strip_accents ?? lowercase;
  return { kind: "bert", normalizer: { cleanText: normalizer.clean_text !== false, handleChineseChars: normalizer.handle_chinese_chars !== false, stripAccents: strip === true, lowercase } };
}

function byteLevelParts({ json, config, vocab, merges }: TokenizerFiles, { rebuilt, problems }: { rebuilt: boolean; problems: Problems }): TokenizerParts["words"] {
  const model = (json?.model ?? {}) as Json;
  const splitter = (rebuilt ? { type: "ByteLevel", add_prefix_space: config.add_prefix_space ?? false } : (json?.pre_tokenizer ?? {})) as Json;
  if (!rebuilt) {
    problems.expect((json?.normalizer ?? null) === null, `its normalizer is to be none; it is ${JSON.stringify((json?.normalizer as Json | undefined)?.type)}`);
    for (const key of ["dropout", "continuing_subword_prefix", "end_of_word_suffix", "byte_fallback", "ignore_merges"]) problems.expect(["", false, null, undefined].includes(model[key] as string), `its model's "${key}" is to be none; it is ${JSON.stringify(model[key])}`);
  }
  problems.expect(splitter.type === "ByteLevel" && splitter.use_regex !== false, `its pre_tokenizer is to be ByteLevel with GPT-2's pattern; it is ${JSON.stringify(splitter)}`);
  const lacking = BYTE_CHARS.filter((char) => !vocab.has(char));
  problems.expect(lacking.length === 0, `its vocabulary is to hold all 256 bytes; it lacks ${lacking.length}, ${JSON.stringify(lacking[0])} among them`);
  const beyond = merges.find((merge) => !vocab.has(merge.replace(" ", "")));
  problems.expect(beyond === undefined, `its vocabulary lacks what the merge ${JSON.stringify(beyond)} makes`);
  return { kind: "byte-level", addPrefixSpace: (splitter.add_prefix_space ?? true) === true };
}

/** Tokens that are looked for in the text itself: those that the files list, then the special ones. */
function addedTokens({ json, config, vocab, kind }: TokenizerFiles): AddedToken[] {
  const found = new Map<string, AddedToken>();
  const add = (id: number | undefined, token: Json): void => {
    const content = String(token.content);
    const known = vocab.get(content) ?? id;
    if (known !== undefined && !found.has(content)) found.set(content, { id: known, content, singleWord: token.single_word === true, lstrip: token.lstrip === true, rstrip: token.rstrip === true, normalized: token.normalized === true });
  };
  if (config.added_tokens_decoder !== undefined) for (const [id, token] of Object.entries(config.added_tokens_decoder as Record<string, Json>)) add(Number(id), token);
  else for (const token of (json?.added_tokens ?? []) as Json[]) add(token.id as number, token);
  const extra = [config.additional_special_tokens, config.extra_special_tokens].flatMap((list) => (Array.isArray(list) ? (list as unknown[]) : []));
  for (const token of [...Object.entries(SPECIAL[kind]).map(([key, fallback]) => config[key] ?? fallback), ...extra]) {
    if (typeof token === "string") add(undefined, { content: token });
    else if (contentOf(token) !== undefined) add(undefined, token as Json);
  }
  return [...found.values()];
}

function contentOf(token: unknown): string | undefined {
  if (typeof token === "string") return token;
  const content = typeof token === "object" && token !== null ? (token as Json).content : undefined;
  return typeof content === "string" ? content : undefined;
}

/** The tokens that a tokenizer.json's post-processor puts before and after a text. */
function endsOf(json: Json | undefined, directory: string): { cls: string; sep: string } {
  const processor = (json?.post_processor ?? {}) as Json;
  if (processor.type === "BertProcessing" || processor.type === "RobertaProcessing") return { cls: String((processor.cls as unknown[])[0]), sep: String((processor.sep as unknown[])[0]) };
  const single = Array.isArray(processor.single) ? (processor.single as Json[]) : [];
  const [cls, sep] = [single[0]?.SpecialToken, single[2]?.SpecialToken].map((token) => (token as Json | undefined)?.id);
  if (single.length !== 3 || single[1]?.Sequence === undefined || typeof cls !== "string" || typeof sep !== "string") {
    throw new TsloraError("unsupported", `${directory}: the post_processor of tokenizer.json was expected to put one token before a text and one after it, as BERT's and RoBERTa's do; it is ${JSON.stringify(processor.type ?? null)}.`);
  }
  return { cls, sep };
}
