import { Problems } from "../base/problems";
import type { TrainingData } from "./train-options";

/** Texts and the numbers of their classes, side by side. */
export interface Examples {
  readonly texts: readonly string[];
  readonly labels: readonly number[];
}

/**
 * The examples of a DataFrame with `texts` and `label`, or of a list.
 *
 * @throws TsloraError `bad-input` when a column is missing, a text is no text, or a label is not a class.
 */
export function examplesOf(data: TrainingData, options: { name: string; numLabels: number }): Examples {
  const { name, numLabels } = options;
  const problems = new Problems(name);
  let texts: readonly unknown[];
  let labels: readonly unknown[];
  if ("columns" in data) {
    for (const column of ["texts", "label"]) problems.expect(data.columns.includes(column), `the column "${column}" is missing; there are ${data.columns.join(", ")}`);
    problems.throwIfAny("bad-input");
    texts = data.column("texts").values as readonly unknown[];
    labels = data.column("label").values as readonly unknown[];
  } else {
    texts = data.map(({ text }) => text);
    labels = data.map(({ label }) => label);
  }
  problems.expect(texts.length > 0, "there are no examples");
  const badText = texts.findIndex((text) => typeof text !== "string");
  problems.expect(badText < 0, `the text of row ${badText} is ${typeof texts[badText]}, not a string`);
  const badLabel = labels.findIndex((label) => !(typeof label === "number" && Number.isInteger(label) && label >= 0 && label < numLabels));
  problems.expect(badLabel < 0, `the label of row ${badLabel} is ${JSON.stringify(labels[badLabel])}; a class from 0 to ${numLabels - 1} was expected`);
  problems.throwIfAny("bad-input");
  return { texts: texts as readonly string[], labels: labels as readonly number[] };
}
