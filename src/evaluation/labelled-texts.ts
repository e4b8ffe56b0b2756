import { Problems } from "../base/problems";
import { TsloraError } from "../base/tslora-error";

/** As much of a danfojs DataFrame as is needed here. */
export interface TextFrame {
  readonly columns: string[];
  column(name: string): { readonly values: ArrayLike<unknown> };
}

/** A text and its class. */
export interface LabelledText {
  readonly text: string;
  /** The class, counted from 0. */
  readonly label: number;
}

/** A danfojs DataFrame with the columns `texts` and `label`, or a list. */
export type LabelledTexts = TextFrame | readonly LabelledText[];

export interface TextsAndLabels {
  readonly texts: readonly string[];
  readonly labels: readonly number[];
}

const NAMED = 10; // as many bad rows an error names

/**
 * Reads texts and labels.
 *
 * @param options.classes - how many classes there are
 * @throws TsloraError `bad-input` when a column is missing, there is no row, a text is no string or a label no class.
 */
export function readLabelledTexts(where: string, data: LabelledTexts, { classes }: { classes: number }): TextsAndLabels {
  const [texts, labels] = "column" in data ? [column(where, data, "texts"), column(where, data, "label")] : [data.map(({ text }) => text), data.map(({ label }) => label)];
  if (texts.length === 0) throw new TsloraError("bad-input", `${where}: at least one text was expected; the data has none.`);
  const problems = new Problems(where);
  const bad = new Set<number>();
  const isText = (text: unknown, i: number): text is string => problems.expect(typeof text === "string" || tooMany(bad, i), `row ${i}: a text was expected; ${String(text)} came`);
  const isClass = (label: unknown, i: number): label is number =>
    problems.expect((typeof label === "number" && Number.isInteger(label) && label >= 0 && label < classes) || tooMany(bad, i), `row ${i}: the label is to be a whole number from 0 to ${classes - 1}; ${String(label)} came`);
  const read = { texts: texts.filter(isText), labels: labels.filter(isClass) };
  problems.throwIfAny("bad-input");
  return read;
}

/** Notes a bad row; whether enough were named before it. */
function tooMany(bad: Set<number>, row: number): boolean {
  bad.add(row);
  return bad.size > NAMED;
}

function column(where: string, frame: TextFrame, name: string): unknown[] {
  if (!frame.columns.includes(name)) throw new TsloraError("bad-input", `${where}: a column "${name}" was expected; the frame has ${frame.columns.map((c) => `"${c}"`).join(", ")}. Rename the column.`);
  return Array.from(frame.column(name).values);
}
