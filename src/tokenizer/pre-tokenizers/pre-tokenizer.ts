import type { Problems } from "../../base/problems";
import { shownValue } from "../../base/shown-value";
import { bertWords } from "../bert-words";
import { byteLevelWords } from "../byte-level-words";
import { CharClass, classOf } from "../char-class";
import { checkTypes, FLAG, isObject } from "../check-types";
import { CharTrait, traitsOf } from "../normalizers/char-traits";
import type { Json } from "../json";
import { metaspaceWords, type PrependScheme } from "./metaspace-words";

/** Splits a part of a text into words. Yields word by word: words that the caller does not read are not computed. */
export interface PreTokenizer {
  /** @param first - whether the part begins where the whole text begins */
  words(text: string, first: boolean): Iterable<string>;
  /** Whether the words depend on `first`. */
  readonly usesFirst: boolean;
  /** Whether blanks at the beginning belong to no word. */
  readonly dropsBlanks?: true;
}

const MOST_STEPS = 8;

type Make = (given: Json, problems: Problems) => PreTokenizer | undefined;

const KINDS: Readonly<Record<string, Make>> = {
  BertPreTokenizer: () => ({ words: (text) => bertWords(text, undefined), usesFirst: false, dropsBlanks: true }),
  ByteLevel: byteLevel,
  Metaspace: metaspace,
  WhitespaceSplit: () => ({
    words: (text) => separated(text, isBlank, "removed"),
    usesFirst: false,
    dropsBlanks: true,
  }),
  Punctuation: punctuation,
  Digits: digits,
  Sequence: sequence,
};

/**
 * Makes a pre-tokenizer from its description in tokenizer.json.
 *
 * @returns undefined if the description is wrong, which is then in `problems`
 */
export function makePreTokenizer(given: Json | undefined, problems: Problems): PreTokenizer | undefined {
  const type = String(given?.type);
  if (given !== undefined && Object.hasOwn(KINDS, type)) return KINDS[type](given, problems);
  problems.expect(
    false,
    `its pre_tokenizer ${shownValue(given?.type)} is not supported; supported are ${Object.keys(KINDS).join(", ")}`,
  );
  return undefined;
}

function sequence(given: Json, problems: Problems): PreTokenizer | undefined {
  const listed: unknown[] = Array.isArray(given.pretokenizers) ? (given.pretokenizers as unknown[]) : [];
  const flat = listed.every((step) => isObject(step) && step.type !== "Sequence");
  const fits = problems.expect(
    flat && listed.length > 0 && listed.length <= MOST_STEPS,
    `its pre_tokenizer Sequence must have 1 to ${MOST_STEPS} steps, none of which is a Sequence; got ${shownValue(given.pretokenizers)}`,
  );
  if (!fits) return undefined;
  const steps = listed.flatMap((step) => makePreTokenizer(step as Json, problems) ?? []);
  return steps.length === listed.length ? chained(steps) : undefined;
}

function chained([step, ...rest]: readonly PreTokenizer[]): PreTokenizer {
  if (rest.length === 0) return step;
  const later = chained(rest);
  return {
    *words(text, first) {
      let begins = first && !(step.dropsBlanks === true && isBlank(text.charCodeAt(0)));
      for (const word of step.words(text, first)) {
        yield* later.words(word, begins);
        begins = false;
      }
    },
    usesFirst: step.usesFirst || later.usesFirst,
  };
}

function byteLevel(given: Json, problems: Problems): PreTokenizer {
  checkTypes(
    given,
    { add_prefix_space: FLAG, trim_offsets: FLAG, use_regex: FLAG },
    { problems, where: "tokenizer.json's pre_tokenizer" },
  );
  problems.expect(
    given.use_regex !== false,
    `its pre_tokenizer must be ByteLevel with GPT-2's pattern; got ${shownValue(given)}`,
  );
  const addPrefixSpace = (given.add_prefix_space ?? true) === true;
  return { words: (text) => byteLevelWords(text, { addPrefixSpace }), usesFirst: false };
}

function metaspace(given: Json, problems: Problems): PreTokenizer {
  const where = "tokenizer.json's pre_tokenizer Metaspace";
  checkTypes(given, { add_prefix_space: FLAG, split: FLAG }, { problems, where });
  const scheme = given.prepend_scheme ?? "always";
  const replacement = given.replacement;
  problems.expect(
    typeof replacement === "string" && [...replacement].length === 1,
    `${where} must have one character as its "replacement"; got ${shownValue(replacement)}`,
  );
  problems.expect(
    scheme === "always" || scheme === "first" || scheme === "never",
    `${where}: "prepend_scheme" must be "always", "first" or "never"; got ${shownValue(scheme)}`,
  );
  problems.expect(
    given.add_prefix_space !== false || scheme === "never",
    `${where} without prefix spaces must have the prepend_scheme "never"; got ${shownValue(given.prepend_scheme ?? null)}`,
  );
  const options = {
    replacement: String(replacement),
    scheme: scheme as PrependScheme,
    split: (given.split ?? true) === true,
  };
  return { words: (text, first) => metaspaceWords(text, { ...options, first }), usesFirst: scheme === "first" };
}

function punctuation(given: Json, problems: Problems): PreTokenizer {
  const behavior = given.behavior ?? "Isolated";
  problems.expect(
    behavior === "Isolated",
    `its pre_tokenizer Punctuation must have the behavior "Isolated"; got ${shownValue(behavior)}`,
  );
  return { words: (text) => separated(text, isPunctuation, "isolated"), usesFirst: false };
}

function digits(given: Json, problems: Problems): PreTokenizer {
  checkTypes(given, { individual_digits: FLAG }, { problems, where: "tokenizer.json's pre_tokenizer Digits" });
  const how = given.individual_digits === true ? "isolated" : "contiguous";
  return { words: (text) => separated(text, isNumeric, how), usesFirst: false };
}

const isBlank = (code: number): boolean => (classOf(code) & CharClass.blank) !== 0;
const isPunctuation = (code: number): boolean => (classOf(code) & CharClass.punctuation) !== 0;
const isNumeric = (code: number): boolean => (traitsOf(code) & CharTrait.numeric) !== 0;

/** Splits at separators. They are removed, or each is a word, or each run of them is a word. */
function* separated(
  text: string,
  isSeparator: (code: number) => boolean,
  how: "removed" | "isolated" | "contiguous",
): Generator<string> {
  let start = 0;
  let inRun = false;
  for (let i = 0; i < text.length;) {
    const code = text.codePointAt(i) ?? 0;
    const next = i + (code > 0xffff ? 2 : 1);
    const separates = isSeparator(code);
    if (how === "contiguous" ? separates !== inRun : separates || inRun) {
      if (i > start) yield text.slice(start, i);
      start = how === "removed" && separates ? next : i;
    }
    [inRun, i] = [separates && how !== "removed", next];
  }
  if (start < text.length) yield text.slice(start);
}
