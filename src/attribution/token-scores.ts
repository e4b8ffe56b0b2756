import { gaussLegendre } from "../base/gauss-legendre";
import type { SequenceClassifier } from "../classifier/sequence-classifier";
import type { TokenDocument } from "../model/parts/packed-batch";
import { gradientsOfVersions, logitsOfVersions } from "./passes";
import type { WordSpan } from "./words-of";

/** An encoded input with its word embeddings and those of the baseline. */
export interface ExplainedInput {
  readonly classifier: SequenceClassifier;
  readonly document: TokenDocument;
  /** Index of the label whose logit is explained. */
  readonly label: number;
  /** Word embeddings: [tokens, width]. */
  readonly embedded: Float32Array;
  /** Word embeddings of the baseline: [tokens, width]. */
  readonly baseline: Float32Array;
  /** Most versions of the input in one pass. */
  readonly versionsPerPass: number;
  readonly signal?: AbortSignal | undefined;
}

/** Scores of tokens by integrated gradients. */
export interface PathScores {
  /** [tokens] */
  readonly scores: Float64Array;
  /** Absolute difference between the sum of the scores and the change of the logit. */
  readonly delta: number;
}

/** The logits of the baseline and of the input. */
export interface EndLogits {
  readonly baseline: number;
  readonly input: number;
}

/** The logit of the explained label for the baseline and for the input. */
export async function endLogits(input: ExplainedInput): Promise<EndLogits> {
  const words = new Float32Array(2 * input.embedded.length);
  words.set(input.baseline);
  words.set(input.embedded, input.embedded.length);
  const { classifier, document, label } = input;
  const logits = await logitsOfVersions(classifier.model, { document, count: 2, words });
  return { baseline: logits[label], input: logits[classifier.labels.length + label] };
}

/**
 * Integrated gradients (Sundararajan et al., "Axiomatic Attribution for Deep Networks", 2017) of word embeddings,
 * summed over the width: (x - x') times the mean gradient on the straight path from the baseline x' to x, by
 * Gauss-Legendre quadrature. Captum's `LayerIntegratedGradients` of the word embeddings computes the same.
 */
export async function integratedGradients(
  input: ExplainedInput,
  { steps, ends }: { steps: number; ends: EndLogits },
): Promise<PathScores> {
  const { nodes, weights } = gaussLegendre(steps);
  const mean = new Float64Array(input.embedded.length);
  for (let done = 0; done < steps; done += input.versionsPerPass) {
    input.signal?.throwIfAborted();
    const part = nodes.subarray(done, done + input.versionsPerPass);
    const gradients = await gradientsAt(input, part);
    for (let version = 0; version < part.length; version++)
      for (let i = 0; i < mean.length; i++) mean[i] += weights[done + version] * gradients[version * mean.length + i];
    await new Promise((resolve) => setImmediate(resolve)); // lets Jupyter send messages and interrupts
  }
  const scores = timesDifference(input, mean);
  const sum = scores.reduce((a, b) => a + b, 0);
  return { scores, delta: Math.abs(sum - (ends.input - ends.baseline)) };
}

/** Gradient times input: (x - x') times the gradient at x, summed over the width: [tokens]. */
export async function gradientTimesInput(input: ExplainedInput): Promise<Float64Array> {
  return timesDifference(input, await gradientsAt(input, Float64Array.of(1)));
}

/**
 * Occlusion: how much the logit falls when the baseline's embeddings replace those of a word's tokens: [words].
 * Captum's `FeatureAblation` of the word embeddings, with one feature per word, computes the same.
 */
export async function occlusion(
  input: ExplainedInput,
  { words, ends }: { words: readonly WordSpan[]; ends: EndLogits },
): Promise<number[]> {
  const { classifier, document, label, embedded, baseline, versionsPerPass } = input;
  const width = embedded.length / document.ids.length;
  const falls: number[] = [];
  while (falls.length < words.length) {
    input.signal?.throwIfAborted();
    const part = words.slice(falls.length, falls.length + versionsPerPass);
    const versions = new Float32Array(part.length * embedded.length);
    part.forEach(({ tokens: [from, to] }, version) => {
      versions.set(embedded, version * embedded.length);
      versions.set(baseline.subarray(from * width, to * width), version * embedded.length + from * width);
    });
    const logits = await logitsOfVersions(classifier.model, { document, count: part.length, words: versions });
    part.forEach((_, version) => falls.push(ends.input - logits[version * classifier.labels.length + label]));
    await new Promise((resolve) => setImmediate(resolve));
  }
  return falls;
}

/** Gradients of the label's logit at points of the path, from 0 (baseline) to 1 (input): [points, tokens, width]. */
async function gradientsAt(input: ExplainedInput, points: Float64Array): Promise<Float32Array> {
  const { classifier, document, label, embedded, baseline } = input;
  const words = new Float32Array(points.length * embedded.length);
  points.forEach((point, version) => {
    for (let i = 0; i < embedded.length; i++)
      words[version * embedded.length + i] = baseline[i] + point * (embedded[i] - baseline[i]);
  });
  return gradientsOfVersions(classifier, { document, count: points.length, words }, label);
}

/** The input's difference to the baseline times a gradient, summed over the width: [tokens]. */
function timesDifference({ document, embedded, baseline }: ExplainedInput, gradient: ArrayLike<number>): Float64Array {
  const width = embedded.length / document.ids.length;
  return Float64Array.from(document.ids, (_, token) => {
    let sum = 0;
    for (let i = token * width; i < (token + 1) * width; i++) sum += (embedded[i] - baseline[i]) * gradient[i];
    return sum;
  });
}
