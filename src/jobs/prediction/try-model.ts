import { Problems } from "../../base/problems";
import { expectTrained } from "../../evaluation/untrained-notice";
import { closePredictionModel, openPredictionModel } from "./open-prediction-model";
import type { PredictionChoices } from "./prediction-settings";

/**
 * Loads the classifier once before anything is planned: every shard would fail with the same error.
 *
 * @throws TsloraError `bad-input` if it has untrained weights, `bad-option` if options do not fit it.
 */
export async function tryModel(choices: PredictionChoices): Promise<void> {
  const { threshold, textPair } = choices;
  const { classifier } = await openPredictionModel(choices);
  try {
    expectTrained("predictFiles", classifier);
    const { labels, problemType, takesPairs } = classifier;
    const problems = new Problems("predictFiles");
    problems.expect(
      threshold === undefined || labels.length === 2 || problemType === "multi_label_classification",
      `threshold is for two labels, or for several labels a text; the classifier has ${labels.length}`,
    );
    problems.expect(
      !takesPairs || textPair !== undefined,
      "textPair must name the column of the second text: the classifier was trained on pairs",
    );
    problems.throwIfAny();
  } finally {
    closePredictionModel();
  }
}
