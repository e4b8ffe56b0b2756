import { bertNormalize, type BertNormalizerOptions } from "./bert-normalizer";
import { CharClass, classOf } from "./char-class";

const PLAIN = /^[0-9A-Za-z]+$/;

/**
 * Splits a text into words as Python's normalizer and BertPreTokenizer do: at whitespace, with each punctuation mark as
 * a word of its own. Yields word by word: words that the caller does not read are not computed.
 */
export function* bertWords(text: string, normalizer: BertNormalizerOptions | undefined): Generator<string> {
  for (const part of betweenBlanks(text)) {
    if (PLAIN.test(part)) yield normalizer?.lowercase === true ? part.toLowerCase() : part;
    else yield* split(normalizer === undefined ? part : bertNormalize(part, normalizer));
  }
}

/** Parts between spaces and newlines. No normalizer joins them. */
function* betweenBlanks(text: string): Generator<string> {
  let start = 0;
  for (let i = 0; i <= text.length; i++) {
    const code = i < text.length ? text.charCodeAt(i) : 0x20;
    if (code !== 0x20 && code !== 0x0a) continue;
    if (i > start) yield text.slice(start, i);
    start = i + 1;
  }
}

function* split(text: string): Generator<string> {
  let start = 0;
  for (let i = 0; i < text.length;) {
    const code = text.codePointAt(i) ?? 0;
    const next = i + (code > 0xffff ? 2 : 1);
    const is = classOf(code);
    if (is & (CharClass.blank | CharClass.punctuation)) {
      if (i > start) yield text.slice(start, i);
      if (is & CharClass.punctuation) yield text.slice(i, next);
      start = next;
    }
    i = next;
  }
  if (text.length > start) yield text.slice(start);
}
