import { isTextPair, type TextInput } from "../base/text-input";
import { TsloraError } from "../base/tslora-error";
import { tokenDocument, type TextTokenizer } from "../classifier/encode-texts";
import type { MixedDocument } from "../classifier/mixed-predictor";
import { probabilitiesOf } from "../evaluation/probabilities-of";
import type { TokenDocument } from "../model/parts/packed-batch";
import type { Prediction } from "./http/schemas";
import type { BatchQueue } from "./queue/batch-queue";
import { ServeError } from "./serve-error";
import type { ServedLabels } from "./served-adapter";

/** Texts to classify with one adapter. */
export interface ClassifyRequest {
  readonly texts: readonly TextInput[];
  /** Name of the adapter; undefined for the model itself. */
  readonly adapter: string | undefined;
  readonly served: ServedLabels;
  /** Whether to truncate texts that are too long; otherwise they are an error. */
  readonly truncate: boolean;
  /** Whether scores are logits. */
  readonly rawScores: boolean;
  readonly signal: AbortSignal;
}

/** Parts of {@link Classify}. */
export interface ClassifyParts {
  readonly tokenizer: TextTokenizer;
  readonly typeVocabSize: number;
  readonly model: string;
  readonly queue: BatchQueue;
  readonly maxQueue: number;
  /** Throws the answer's error if the model's process cannot predict with the adapter now. */
  readonly expectAdapter: (name: string | undefined) => void;
}

/** Encoding lets other requests run after so many milliseconds. */
const TURN = 10;

/** Encodes texts, queues them and converts their logits to predictions, in descending order of the scores. */
export class Classify {
  readonly #parts: ClassifyParts;

  constructor(parts: ClassifyParts) {
    this.#parts = parts;
  }

  /** @throws ServeError 413, 422 or 429, and the errors of `expectAdapter` and of the queue */
  async run(request: ClassifyRequest): Promise<Prediction[][]> {
    const { texts, adapter, served, rawScores, signal } = request;
    const { queue, maxQueue, expectAdapter } = this.#parts;
    if (served.takesPairs) expectPairs(texts);
    expectRoom(texts.length, { waiting: queue.length, maxQueue });
    const documents: MixedDocument[] = [];
    let turn = performance.now();
    for (const [index, text] of texts.entries()) {
      documents.push({ document: this.#encode(text, index, request), adapter });
      if (performance.now() - turn < TURN) continue;
      await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
      turn = performance.now();
    }
    expectRoom(texts.length, { waiting: queue.length, maxQueue });
    expectAdapter(adapter); // now: an adapter that is not there would fail the texts of others in its batch
    const logits = await queue.add(documents, signal);
    return logits.map((row) => predictions(row, { served, rawScores }));
  }

  #encode(text: TextInput, index: number, { truncate }: ClassifyRequest): TokenDocument {
    const { tokenizer } = this.#parts;
    try {
      const [encoded] = tokenizer.encode([text]);
      if (encoded.truncated && !truncate)
        throw new ServeError(
          413,
          "Validation",
          `\`inputs\` must have at most ${tokenizer.maxLength} tokens; the text at index ${index} has more. Give "truncate": true to cut it.`,
        );
      return tokenDocument(encoded, this.#parts);
    } catch (error) {
      if (error instanceof TsloraError) throw new ServeError(422, "Tokenizer", error.message);
      throw error;
    }
  }
}

function expectPairs(texts: readonly TextInput[]): void {
  const single = texts.findIndex((text) => !isTextPair(text));
  if (single >= 0)
    throw new ServeError(
      422,
      "Validation",
      `the adapter or model was trained on pairs; the input at index ${single} must be a pair [text, textPair].`,
    );
}

function expectRoom(texts: number, { waiting, maxQueue }: { waiting: number; maxQueue: number }): void {
  if (waiting + texts <= maxQueue) return;
  if (texts > maxQueue)
    throw new ServeError(
      413,
      "Validation",
      `batch size ${texts} > the queue's size ${maxQueue}. Send several requests.`,
    );
  throw new ServeError(429, "Overloaded", `the queue is full: ${waiting} of ${maxQueue} texts wait. Try again later.`, {
    "retry-after": "1",
  });
}

function predictions(
  logits: Float32Array,
  { served: { labels, problemType }, rawScores }: { served: ServedLabels; rawScores: boolean },
): Prediction[] {
  if (!logits.every(Number.isFinite))
    throw new ServeError(
      424,
      "Backend",
      "the model's scores are not finite numbers; its weights or the adapter's may be NaN.",
    );
  const raw = [...logits];
  const scores = rawScores ? raw : probabilitiesOf(raw, { problemType });
  return labels.map((label, i) => ({ label, score: scores[i] })).sort((a, b) => b.score - a.score);
}
