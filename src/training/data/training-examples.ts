import { Problems } from "../../base/problems";
import { TsloraError } from "../../base/tslora-error";
import { isTextInput, textInput, type TextInput } from "../../base/text-input";
import { multiLabelRows } from "../../evaluation/multi-label-texts";
import type { ProblemType } from "../../model/encoder-config";
import type { ExampleLabel } from "../loss/classification-loss";
import type { TrainingData } from "../options/train-options";

/** Texts and their labels, in the same order. */
export interface Examples {
  readonly texts: readonly TextInput[];
  /** Whether each text is a pair. */
  readonly pairs: boolean;
  readonly labels: readonly ExampleLabel[];
  /** Name of each example in messages: its `ID`, or its row number. */
  readonly ids: readonly string[];
}

/**
 * Reads examples from a DataFrame with `texts` and `label` (and `text_pair` for pairs), or from a list. With several
 * labels per text, a DataFrame has a column of 0 and 1 for each label.
 *
 * @throws TsloraError `bad-input` if a column is missing, a text is not a string, only some rows are pairs, or a label
 *   is not a class (with several labels per text: not a list of 0 and 1)
 */
export function examplesOf(
  data: TrainingData,
  options: { name: string; labels: readonly string[]; problemType: ProblemType },
): Examples {
  const { name } = options;
  const numLabels = options.labels.length;
  const problems = new Problems(name);
  const { texts, labels, ids } = columnsOf(data, { ...options, problems });
  problems.expect(texts.length > 0, "there are no examples");
  const badText = texts.findIndex((text) => !isTextInput(text));
  if (problems.expect(badText < 0, `the text of row ${badText} is ${kindOf(texts[badText])}, not a string`)) {
    const other = texts.findIndex((text) => Array.isArray(text) !== Array.isArray(texts[0]));
    problems.expect(
      other < 0,
      `either all rows or no row must have a second text; row 0 has ${Array.isArray(texts[0]) ? "one, but" : "none, but"} row ${other} has ${Array.isArray(texts[0]) ? "none" : "one"}`,
    );
  }
  const multi = options.problemType === "multi_label_classification";
  const isClass = (label: unknown): boolean =>
    typeof label === "number" && Number.isInteger(label) && label >= 0 && label < numLabels;
  const isRow = (label: unknown): boolean =>
    Array.isArray(label) && label.length === numLabels && label.every((on) => on === 0 || on === 1);
  const badLabel = labels.findIndex((label) => !(multi ? isRow(label) : isClass(label)));
  problems.expect(
    badLabel < 0,
    `the label of row ${badLabel} must be ${multi ? `a list of ${numLabels} numbers, 1 for each label the text has and else 0` : `a class from 0 to ${numLabels - 1}`}; got ${JSON.stringify(labels[badLabel])}`,
  );
  problems.throwIfAny("bad-input");
  return {
    texts: texts as readonly TextInput[],
    pairs: Array.isArray(texts[0]),
    labels: labels as readonly ExampleLabel[],
    ids: ids ?? texts.map((_, row) => `row ${row}`),
  };
}

function columnsOf(
  data: TrainingData,
  { labels, problemType, problems }: { labels: readonly string[]; problemType: ProblemType; problems: Problems },
): { texts: readonly unknown[]; labels: readonly unknown[]; ids?: readonly string[] } {
  if (!("columns" in data))
    return {
      texts: data.map(({ text, textPair }) => textInput(text, textPair)),
      labels: data.map(({ label }) => label),
    };
  const ids = data.columns.includes("ID")
    ? Array.from(data.column("ID").values as ArrayLike<unknown>).map(String)
    : undefined;
  if (problemType === "multi_label_classification") {
    const rows = multiLabelRows(data, { labels, problems });
    problems.throwIfAny("bad-input");
    return { texts: rows.map(({ text }) => text), labels: rows.map(({ label }) => label), ids };
  }
  for (const column of ["texts", "label"])
    problems.expect(
      data.columns.includes(column),
      `the column "${column}" is missing; there are ${data.columns.join(", ")}`,
    );
  problems.throwIfAny("bad-input");
  const values = (column: string): unknown[] => Array.from(data.column(column).values as ArrayLike<unknown>);
  const [texts, seconds] = [values("texts"), data.columns.includes("text_pair") ? values("text_pair") : undefined];
  return {
    texts: seconds === undefined ? texts : texts.map((text, row) => [text, seconds[row]]),
    labels: values("label"),
    ids,
  };
}

/** @throws TsloraError `bad-input` if one part holds pairs of texts and the other single texts. */
export function expectSameInputs(train: Examples, validation: Examples | undefined): void {
  if (validation === undefined || validation.pairs === train.pairs) return;
  const [first, second] = [train, validation].map(({ pairs }) => (pairs ? "pairs of texts" : "single texts"));
  throw new TsloraError(
    "bad-input",
    `train: the validation examples must be ${first}, as the training examples are; got ${second}.`,
  );
}

function kindOf(text: unknown): string {
  return Array.isArray(text) ? `[${text.map((one) => typeof one).join(", ")}]` : typeof text;
}
