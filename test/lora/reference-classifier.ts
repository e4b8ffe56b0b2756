import { SequenceClassifier } from "../../src/classifier/sequence-classifier";
import { loadClassificationModel } from "../../src/model/load-classification-model";
import type { Bounded } from "../ops/bounded-tensor";
import { sampleRounding } from "../ops/sample-rounding";

/** Numbers of a classifier, by name. */
export type NamedNumbers = Readonly<Record<string, ArrayLike<number>>>;

/**
 * Computes a classifier's numbers in double precision, with bounds on what 32-bit arithmetic may make of them.
 *
 * @param own - the classifier as it was opened from its folder; only read
 * @param run - computes over a twin of it, which is disposed of afterwards
 */
export function referenceClassifier(
  own: SequenceClassifier,
  run: (twin: SequenceClassifier) => Promise<NamedNumbers>,
): Promise<ReadonlyMap<string, Bounded>> {
  return sampleRounding(async (ops) => {
    const { model, newlyInitialized } = await loadClassificationModel(own.origin.directory, {
      ops,
      numLabels: own.labels.length,
      seed: own.seed,
    });
    const { tokenizer, labels, problemType, origin, seed } = own;
    const twin = new SequenceClassifier({ model, tokenizer, labels, problemType, origin, newlyInitialized, seed });
    const numbers = await run(twin);
    twin.dispose();
    return new Map(Object.entries(numbers));
  });
}
