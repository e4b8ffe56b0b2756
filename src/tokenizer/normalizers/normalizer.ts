import type { Problems } from "../../base/problems";
import { shownNames, shownValue } from "../../base/shown-value";
import { TsloraError } from "../../base/tslora-error";
import { bertNormalize, bertOptions, lowercase } from "../bert-normalizer";
import { CharClass, classOf } from "../char-class";
import { checkTypes, FLAG, isObject, objectOf } from "../check-types";
import type { Json } from "../json";
import { CharTrait, traitsOf } from "./char-traits";
import { Charsmap } from "./charsmap";
import { toNormalForm } from "./normal-form";

/** Changes a text before it is split into words. */
export interface Normalizer {
  normalize(text: string): string;
  /** Whether the first character of the result comes from the first one of the text. */
  keepsStart(text: string): boolean;
}

interface Step {
  readonly apply: (text: string) => string;
  /**
   * The number of UTF-16 units at the start of the result that come from the first `own` units of a text. By default,
   * those `own` units are normalized alone: the number is the length of that result, and at least 1.
   */
  readonly ownStart?: (text: string, own: number) => number;
}

const MOST_STEPS = 32;
/** Most characters of a replacement in a tokenizer.json. */
const LONGEST_CONTENT = 64;
/** A normal form may have 18 times as many characters as the text. */
const MOST_GROWTH = 20;

/**
 * The regular expressions of transformers' own tokenizers, rewritten for JavaScript, where \s means a different set.
 * Other expressions are refused, since matching them might take very long.
 */
const KNOWN_PATTERNS: Readonly<Record<string, RegExp>> = {
  " {2,}": / {2,}/g,
  "\\s{2,}|[\\n\\r\\t]": /[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]{2,}|[\n\r\t]/g,
};

const STEPS: Readonly<Record<string, (given: Json, problems: Problems) => Step | undefined>> = {
  NFC: () => ({ apply: (text) => toNormalForm(text, "NFC") }),
  NFD: () => ({ apply: (text) => toNormalForm(text, "NFD") }),
  NFKC: () => ({ apply: (text) => toNormalForm(text, "NFKC") }),
  NFKD: () => ({ apply: (text) => toNormalForm(text, "NFKD") }),
  Lowercase: () => ({ apply: lowercase }),
  StripAccents: () => byCharacter(stripAccents),
  Strip: stripStep,
  Nmt: () => byCharacter(nmt),
  Prepend: prependStep,
  Replace: replaceStep,
  Precompiled: precompiledStep,
  BertNormalizer: (given, problems) => {
    const options = bertOptions(given, problems);
    return byCharacter((text) => bertNormalize(text, options));
  },
};

/**
 * Makes a normalizer from its description in tokenizer.json, a `Sequence` or one step.
 *
 * @returns undefined if there is no description, or if it is wrong, which is then in `problems`
 */
export function makeNormalizer(given: Json | undefined, problems: Problems): Normalizer | undefined {
  if (given === undefined) return undefined;
  const listed = flatten(given, problems);
  const steps = listed.flatMap((step) => makeStep(step, problems) ?? []);
  if (steps.length < listed.length) return undefined;
  return {
    normalize(text) {
      const most = MOST_GROWTH * text.length + 1000;
      let normalized = text;
      for (const { apply } of steps) {
        normalized = apply(normalized);
        if (normalized.length > most) throw growsTooMuch(text.length, normalized.length);
      }
      return normalized;
    },
    keepsStart(text) {
      let normalized = text;
      let own = sizeAt(text, 0);
      for (const { apply, ownStart } of steps) {
        own = ownStart?.(normalized, own) ?? Math.max(1, apply(normalized.slice(0, own)).length);
        if (own === 0) return false;
        normalized = apply(normalized);
      }
      return true;
    },
  };
}

/** A step that changes each character by itself. */
function byCharacter(apply: Step["apply"]): Step {
  return { apply, ownStart: (text, own) => apply(text.slice(0, own)).length };
}

/** UTF-16 units of the character at a place. */
function sizeAt(text: string, at: number): number {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}

function makeStep(given: Json, problems: Problems): Step | undefined {
  const type = String(given.type);
  if (!Object.hasOwn(STEPS, type)) {
    problems.expect(
      false,
      `its normalizer ${shownValue(given.type)} is not supported; supported are ${["Sequence", ...Object.keys(STEPS)].join(", ")}`,
    );
    return undefined;
  }
  return STEPS[type](given, problems);
}

/** The steps of a normalizer, without the sequences around them. */
function flatten(given: Json, problems: Problems): Json[] {
  const steps: Json[] = [];
  const rest: unknown[] = [given];
  while (rest.length > 0 && steps.length <= MOST_STEPS) {
    const next = rest.shift();
    const listed = isObject(next) && next.type === "Sequence" ? next.normalizers : undefined;
    if (Array.isArray(listed)) rest.unshift(...(listed as unknown[]).slice(0, MOST_STEPS + 1));
    else steps.push(objectOf(next));
    if (rest.length > 4 * MOST_STEPS) break;
  }
  problems.expect(
    rest.length === 0 && steps.length <= MOST_STEPS,
    `its normalizer must have at most ${MOST_STEPS} steps`,
  );
  return steps.slice(0, MOST_STEPS);
}

function growsTooMuch(from: number, to: number): TsloraError {
  return new TsloraError(
    "bad-input",
    `The tokenizer's normalizer must not make a text more than ${MOST_GROWTH} times as long; it makes ${to} characters of ${from}. Fetch tokenizer.json again.`,
  );
}

function stripAccents(text: string): string {
  let out = "";
  for (const char of text) if ((traitsOf(char.codePointAt(0) ?? 0) & CharTrait.combining) === 0) out += char;
  return out;
}

function isBlank(text: string, i: number): boolean {
  return (classOf(text.charCodeAt(i)) & CharClass.blank) !== 0; // every blank is one UTF-16 unit
}

function stripStep(given: Json, problems: Problems): Step {
  checkTypes(given, { strip_left: FLAG, strip_right: FLAG }, { problems, where: "tokenizer.json's normalizer Strip" });
  const [left, right] = [given.strip_left !== false, given.strip_right !== false];
  return {
    apply(text) {
      let [start, end] = [0, text.length];
      if (left) while (start < end && isBlank(text, start)) start++;
      if (right) while (end > start && isBlank(text, end - 1)) end--;
      return text.slice(start, end);
    },
    ownStart(text, own) {
      let blanks = 0;
      if (left) while (blanks < own && blanks < text.length && isBlank(text, blanks)) blanks++;
      return own - blanks;
    },
  };
}

// sentencepiece's rules named nmt: control characters are removed, other blanks and marks become spaces.
// eslint-disable-next-line no-control-regex
const NMT_REMOVED = /[\x01-\x08\x0b\x0e-\x1f\x7f\x8f\x9f]/g;
const NMT_SPACES = /[\t\n\f\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]/g;

function nmt(text: string): string {
  return text.replace(NMT_REMOVED, "").replace(NMT_SPACES, " ");
}

function contentOf(given: Json, key: string, problems: Problems): string | undefined {
  const content = given[key];
  const holds = typeof content === "string" && content.length <= LONGEST_CONTENT;
  return problems.expect(
    holds,
    `its normalizer ${String(given.type)} must have a "${key}" of at most ${LONGEST_CONTENT} characters; got ${shownValue(content)}`,
  )
    ? (content as string)
    : undefined;
}

function prependStep(given: Json, problems: Problems): Step | undefined {
  const content = contentOf(given, "prepend", problems);
  return content === undefined ? undefined : { apply: (text) => (text === "" ? "" : content + text) };
}

function replaceStep(given: Json, problems: Problems): Step | undefined {
  const content = contentOf(given, "content", problems);
  const { String: literal, Regex: regex } = objectOf(given.pattern);
  if (content === undefined) return undefined;
  if (typeof regex === "string" && Object.hasOwn(KNOWN_PATTERNS, regex))
    return replacing(KNOWN_PATTERNS[regex], content);
  const known = typeof literal === "string" && literal !== "";
  problems.expect(
    known,
    `its normalizer Replace must look for a text, or for one of the patterns ${shownNames(Object.keys(KNOWN_PATTERNS))}; got ${shownValue(given.pattern)}`,
  );
  if (!known) return undefined;
  return replacing(new RegExp(literal.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&"), "g"), content);
}

function replacing(pattern: RegExp, content: string): Step {
  const apply = (text: string): string => text.replace(pattern, () => content);
  if (content !== "") return { apply };
  return {
    apply,
    ownStart(text, own) {
      let removed = 0;
      for (const { index, 0: match } of text.matchAll(pattern)) {
        if (index >= own) break;
        removed += Math.min(own - index, match.length);
      }
      return own - removed;
    },
  };
}

function precompiledStep(given: Json, problems: Problems): Step | undefined {
  const charsmap = given.precompiled_charsmap;
  const bytes =
    charsmap instanceof Uint8Array
      ? charsmap
      : typeof charsmap === "string" && /^[A-Za-z0-9+/]*={0,2}$/.test(charsmap) && charsmap.length % 4 === 0
        ? Uint8Array.from(atob(charsmap), (char) => char.charCodeAt(0))
        : undefined;
  problems.expect(
    bytes !== undefined,
    `its normalizer Precompiled must have a "precompiled_charsmap" in base 64; got ${shownValue(charsmap)}`,
  );
  if (bytes === undefined) return undefined;
  const map = new Charsmap(bytes, "The tokenizer's normalizer Precompiled");
  // without `ownStart`: if the first character is removed, the next one counts as the start of the text
  return { apply: (text) => map.normalize(text) };
}
