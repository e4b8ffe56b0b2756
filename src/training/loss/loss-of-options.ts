import type { SequenceClassifier } from "../../classifier/sequence-classifier";
import type { ResolvedTrainOptions } from "../options/train-options";
import { balancedClassWeights } from "./class-weights";
import type { ClassificationLoss, ExampleLabel } from "./classification-loss";

/** The loss that a run's options describe. `labels` are those of the training examples, for balanced class weights. */
export function lossOf(
  { problemType, labels: names }: Pick<SequenceClassifier, "problemType" | "labels">,
  {
    options,
    labels,
  }: {
    options: Pick<ResolvedTrainOptions, "classWeights" | "labelSmoothing" | "focalGamma">;
    labels: readonly ExampleLabel[];
  },
): ClassificationLoss {
  const { classWeights, labelSmoothing, focalGamma } = options;
  return {
    problemType,
    labelSmoothing,
    focalGamma,
    classWeights: classWeights === "balanced" ? balancedClassWeights(labels, { problemType, names }) : classWeights,
  };
}
