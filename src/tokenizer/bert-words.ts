import { bertNormalize, type BertNormalizerOptions } from "./bert-normalizer";
import { CharClass, classOf } from "./char-class";

const PLAIN = /^[0-9A-Za-z]+$/;

/**
 * The words of a text as Python's BertPreTokenizer splits it after its normalizer: between blanks, each punctuation
 * mark by itself. Lazily, blank by blank, so that a long text costs no more than what is taken of it.
 */
export function* bertWords(text: string, normalizer: BertNormalizerOptions | undefined): Generator<string> {
  for (const part of betweenBlanks(text)) {
    if (PLAIN.test(part)) yield normalizer?.lowercase === true ? part.toLowerCase() : part;
    else yield* split(normalizer === undefined ? part : bertNormalize(part, normalizer));
  }
}

/** Parts between spaces and newlines, which no normalizer joins. */
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
