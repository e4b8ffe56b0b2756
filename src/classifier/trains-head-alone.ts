import type { SequenceClassifier } from "./sequence-classifier";

/** Whether training changes the head alone, without an adapter. */
export function trainsHeadAlone(classifier: SequenceClassifier): boolean {
  const head = classifier.model.headParameters();
  const trained = classifier.trainableParameters();
  return classifier.adapter === undefined && trained.length > 0 && trained.every((weight) => head.includes(weight));
}
