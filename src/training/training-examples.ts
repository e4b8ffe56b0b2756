import { Problems } from "../base/problems";
import type { ProblemType } from "../model/encoder-config";
import type { ExampleLabel } from "./loss/classification-loss";
import type { TrainingData } from "./train-options";

/** Texts and their labels, side by side. */
export interface Examples {
  readonly texts: readonly string[];
  readonly labels: readonly ExampleLabel[];
  /** Name of each example in messages: its `ID`, or its row number. */
  readonly ids: readonly string[];
}

/**
 * Reads examples from a DataFrame with `texts` and `label`, or from a list.
 *
 * @throws TsloraError `bad-input` if a column is missing, a text is not a string, or a label is not a class (with
 *   several labels per text: not a list of 0 and 1)
 */
export function examplesOf(
  data: TrainingData,
  options: { name: string; numLabels: number; problemType: ProblemType },
): Examples {
  const { name, numLabels } = options;
  const problems = new Problems(name);
  const { texts, labels, ids } = columnsOf(data, problems);
  problems.expect(texts.length > 0, "there are no examples");
  const badText = texts.findIndex((text) => typeof text !== "string");
  problems.expect(badText < 0, `the text of row ${badText} is ${typeof texts[badText]}, not a string`);
  const multi = options.problemType === "multi_label_classification";
  const isClass = (label: unknown): boolean =>
    typeof label === "number" && Number.isInteger(label) && label >= 0 && label < numLabels;
  const isRow = (label: unknown): boolean =>
    Array.isArray(label) && label.length === numLabels && label.every((on) => on === 0 || on === 1);
  const badLabel = labels.findIndex((label) => !(multi ? isRow(label) : isClass(label)));
  problems.expect(
    badLabel < 0,
    `the label of row ${badLabel} is ${JSON.stringify(labels[badLabel])}; ${multi ? `a list of ${numLabels} numbers, 1 for each label the text has and else 0,` : `a class from 0 to ${numLabels - 1}`} was expected`,
  );
  problems.throwIfAny("bad-input");
  return {
    texts: texts as readonly string[],
    labels: labels as readonly ExampleLabel[],
    ids: ids ?? texts.map((_, row) => `row ${row}`),
  };
}

function columnsOf(
  data: TrainingData,
  problems: Problems,
): { texts: readonly unknown[]; labels: readonly unknown[]; ids?: readonly string[] } {
  if (!("columns" in data)) return { texts: data.map(({ text }) => text), labels: data.map(({ label }) => label) };
  for (const column of ["texts", "label"])
    problems.expect(
      data.columns.includes(column),
      `the column "${column}" is missing; there are ${data.columns.join(", ")}`,
    );
  problems.throwIfAny("bad-input");
  const values = (column: string): unknown[] => Array.from(data.column(column).values as ArrayLike<unknown>);
  return {
    texts: values("texts"),
    labels: values("label"),
    ids: data.columns.includes("ID") ? values("ID").map(String) : undefined,
  };
}
