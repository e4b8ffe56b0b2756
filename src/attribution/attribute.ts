import { cellSignal } from "../base/cell-signal";
import { Problems } from "../base/problems";
import { isTextInput, type TextInput } from "../base/text-input";
import { shownNames, shownValue } from "../base/shown-value";
import { DEFAULT_TOKENS_PER_PASS } from "../classifier/predict-options";
import type { SequenceClassifier } from "../classifier/sequence-classifier";
import { probabilitiesOf } from "../evaluation/probabilities-of";
import { predictRows } from "../evaluation/predict-rows";
import { expectTrained } from "../evaluation/untrained-notice";
import { expectFloat32 } from "../model/int8-weights";
import { readWords } from "./passes";
import { endLogits, gradientTimesInput, integratedGradients, occlusion } from "./token-scores";
import type { EndLogits, ExplainedInput, PathScores } from "./token-scores";
import { textTokens, wordsOf, type WordSpan } from "./words-of";

/** Methods that score the parts of a text. */
export type AttributionMethod = "integrated-gradients" | "gradient-x-input" | "occlusion";

/** Options of {@link attribute}. */
export interface AttributeOptions {
  /**
   * - `integrated-gradients`: the gradient along the straight path from the baseline to the text (Sundararajan et al.,
   *   2017). The scores add up to the logit's change between the two;
   * - `gradient-x-input`: gradient times the difference to the baseline, in one pass;
   * - `occlusion`: the logit's fall when a word's embeddings are those of the baseline (Zeiler and Fergus, 2014).
   *
   * @default "integrated-gradients"
   */
  readonly method?: AttributionMethod;
  /** The label whose logit is explained. @default each text's most likely label */
  readonly target?: string;
  /**
   * Word embeddings of a text without content: zeros, or those of the pad token. Special tokens stay as they are.
   *
   * @default "zero"
   */
  readonly baseline?: "zero" | "pad";
  /**
   * Points of integrated gradients on the path, for Gauss-Legendre quadrature.
   *
   * @default 50, doubled up to 1,600 until the scores add up to the logit's change within 0.001
   */
  readonly steps?: number;
  /** Most tokens in one pass. @default 4096 */
  readonly maxTokensPerPass?: number;
  /** Called after each text with the number of texts done and the total. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Stops between passes. @default in a notebook, an interrupt of the cell */
  readonly signal?: AbortSignal;
}

/** One token and its share of the logit. */
export interface TokenAttribution {
  readonly token: string;
  readonly score: number;
  /** Whether the tokenizer added it to the text, such as [CLS]. The score of a special token is 0. */
  readonly special: boolean;
}

/** One word and its share of the logit: the sum of its tokens' scores or, for occlusion, how much the logit falls. */
export interface WordAttribution {
  readonly text: string;
  /** Index of its text in a pair; 0 for a single text. */
  readonly part: 0 | 1;
  /** Start and end of the word in its text, in UTF-16 code units. */
  readonly start: number;
  readonly end: number;
  readonly score: number;
}

/** The parts of a text with their share in its logit. Positive scores speak for the label, negative ones against it. */
export interface Attribution {
  readonly text: TextInput;
  readonly method: AttributionMethod;
  /** The label that is explained, its probability and its logit. */
  readonly label: string;
  readonly probability: number;
  readonly logit: number;
  /** The logit of the baseline. */
  readonly baselineLogit: number;
  /** For occlusion, each token has its word's score. */
  readonly tokens: readonly TokenAttribution[];
  /** In the order of the text; words beyond the tokenizer's length are left out. */
  readonly words: readonly WordAttribution[];
  /**
   * For integrated gradients only: the number of points on the path, and the absolute difference between the sum of the
   * scores and the change of the logit.
   */
  readonly completeness?: { readonly steps: number; readonly delta: number };
}

const FIRST_STEPS = 50;
const MOST_STEPS = 1600;
const DELTA = 1e-3;
const METHODS: readonly AttributionMethod[] = ["integrated-gradients", "gradient-x-input", "occlusion"];

/**
 * Explains predictions: how much each token and word of a text adds to the logit of a label. Scores explain the model,
 * not the world: a word may have a score only because it occurs together with others.
 *
 * @param texts - one text, or several; a pair of texts is a list of two, so one pair is `[["a", "b"]]`
 * @throws TsloraError `bad-option` for an unknown method, label or baseline, or steps that are not a whole number from
 *   1; `bad-input` if a text is neither a string nor a pair of strings, weights are not trained, a logit is not finite,
 *   or weights are in 8 bits, unless the method is occlusion
 */
export async function attribute(
  classifier: SequenceClassifier,
  texts: string | readonly TextInput[],
  options: AttributeOptions = {},
): Promise<Attribution[]> {
  const list = typeof texts === "string" ? [texts] : texts;
  check(classifier, list, options);
  expectTrained("attribute", classifier);
  if (options.method !== "occlusion") expectFloat32(classifier.model, "attribute"); // gradients need 32-bit floats
  const { onProgress, signal = cellSignal(), maxTokensPerPass = DEFAULT_TOKENS_PER_PASS } = options;
  const rows = await predictRows("attribute", classifier, { texts: list, maxTokensPerPass, signal });
  const found: Attribution[] = [];
  for (const [index, text] of list.entries()) {
    await new Promise((resolve) => setImmediate(resolve)); // lets Jupyter send interrupts
    signal?.throwIfAborted();
    found.push(await attributeText(classifier, text, { ...options, signal, row: rows[index] }));
    onProgress?.(index + 1, list.length);
  }
  return found;
}

/** Explains one text, whose logits are `row`. */
async function attributeText(
  classifier: SequenceClassifier,
  text: TextInput,
  options: AttributeOptions & { readonly row: readonly number[] },
): Promise<Attribution> {
  const { method = "integrated-gradients", row } = options;
  const { labels, tokenizer } = classifier;
  const label = options.target === undefined ? row.indexOf(Math.max(...row)) : labels.indexOf(options.target);
  const isText = textTokens(tokenizer, text);
  const words = wordsOf(tokenizer, text);
  const input = await explainedInput(classifier, text, { ...options, label, isText });
  const ends = await endLogits(input);
  const scored = await scoresBy(method, input, { words, ends, steps: options.steps });
  return {
    text,
    method,
    label: labels[label],
    probability: probabilitiesOf(row, classifier)[label],
    logit: ends.input,
    baselineLogit: ends.baseline,
    tokens: tokenNames(classifier, input.document.ids).map((token, i) => ({
      token,
      score: isText[i] ? scored.tokens[i] : 0,
      special: !isText[i],
    })),
    words: words.map(({ text: word, part, start, end }, i) => ({
      text: word,
      part,
      start,
      end,
      score: scored.words[i],
    })),
    ...(scored.completeness === undefined ? {} : { completeness: scored.completeness }),
  };
}

/** The input's word embeddings, and those of the baseline. Special tokens have the same embedding in both. */
async function explainedInput(
  classifier: SequenceClassifier,
  text: TextInput,
  options: AttributeOptions & { readonly label: number; readonly isText: readonly boolean[] },
): Promise<ExplainedInput> {
  const { label, isText, baseline: kind = "zero", maxTokensPerPass = DEFAULT_TOKENS_PER_PASS, signal } = options;
  const { model } = classifier;
  const [document] = classifier.encode([text]);
  const embedded = await readWords(model, document.ids);
  const width = embedded.length / document.ids.length;
  const empty =
    kind === "pad" ? await readWords(model, Int32Array.of(model.config.padTokenId ?? 0)) : new Float32Array(width);
  const baseline = Float32Array.from(embedded);
  isText.forEach((replaced, token) => {
    if (replaced) baseline.set(empty, token * width);
  });
  const versionsPerPass = Math.max(1, Math.floor(maxTokensPerPass / document.ids.length));
  return { classifier, document, label, embedded, baseline, versionsPerPass, signal };
}

/** Scores of tokens and words by a method. */
async function scoresBy(
  method: AttributionMethod,
  input: ExplainedInput,
  { words, ends, steps }: { words: readonly WordSpan[]; ends: EndLogits; steps: number | undefined },
): Promise<{ tokens: ArrayLike<number>; words: readonly number[]; completeness?: Attribution["completeness"] }> {
  if (method === "occlusion") {
    const falls = await occlusion(input, { words, ends });
    const tokens = new Float64Array(input.document.ids.length);
    words.forEach(({ tokens: [from, to] }, word) => tokens.fill(falls[word], from, to));
    return { tokens, words: falls };
  }
  if (method === "gradient-x-input") {
    const tokens = await gradientTimesInput(input);
    return { tokens, words: sumsOf(words, tokens) };
  }
  const { scores, delta, steps: taken } = await completePath(input, { ends, steps });
  return { tokens: scores, words: sumsOf(words, scores), completeness: { steps: taken, delta } };
}

/** Integrated gradients with the given number of points. Without one, doubles it until the scores are complete. */
async function completePath(
  input: ExplainedInput,
  { ends, steps }: { ends: EndLogits; steps: number | undefined },
): Promise<PathScores & { steps: number }> {
  for (let count = steps ?? FIRST_STEPS; ; count *= 2) {
    const path = await integratedGradients(input, { steps: count, ends });
    if (steps !== undefined || path.delta <= DELTA || 2 * count > MOST_STEPS) return { ...path, steps: count };
  }
}

/** The sum of each word's token scores: [words]. */
function sumsOf(words: readonly WordSpan[], scores: Float64Array): number[] {
  return words.map(({ tokens: [from, to] }) => scores.subarray(from, to).reduce((a, b) => a + b, 0));
}

/** Names of tokens; their ids if the tokenizer cannot name them. */
function tokenNames({ tokenizer }: SequenceClassifier, ids: Int32Array): readonly string[] {
  return tokenizer.tokens?.(ids) ?? Array.from(ids, String);
}

function check(classifier: SequenceClassifier, texts: readonly unknown[], options: AttributeOptions): void {
  const { method = "integrated-gradients", target, baseline = "zero", steps, maxTokensPerPass } = options;
  const { labels, model } = classifier;
  const problems = new Problems("attribute");
  const whole = (value: number): boolean => Number.isInteger(value) && value >= 1;
  problems.expect(METHODS.includes(method), `method must be one of ${METHODS.join(", ")}; got ${shownValue(method)}`);
  problems.expect(
    target === undefined || labels.includes(target),
    `target must be a label of the classifier, ${shownNames(labels)}; got ${shownValue(target)}`,
  );
  problems.expect(
    baseline === "zero" || (baseline === "pad" && model.config.padTokenId !== undefined),
    `baseline must be "zero"${model.config.padTokenId === undefined ? ", since the model has no pad token" : ' or "pad"'}; got ${shownValue(baseline)}`,
  );
  problems.expect(
    steps === undefined || whole(steps),
    `steps must be a whole number from 1; got ${shownValue(steps)}. Choose 50 or more`,
  );
  problems.expect(
    maxTokensPerPass === undefined || whole(maxTokensPerPass),
    `maxTokensPerPass must be a whole number from 1; got ${shownValue(maxTokensPerPass)}`,
  );
  problems.throwIfAny();
  texts.forEach((text, index) =>
    problems.expect(
      isTextInput(text),
      `texts must hold strings, or pairs of strings; ${shownValue(text)} is at index ${index}`,
    ),
  );
  problems.throwIfAny("bad-input");
}
