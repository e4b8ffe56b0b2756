import { Problems } from "../base/problems";
import { shownValue } from "../base/shown-value";
import { isTextInput, textInput, type TextInput } from "../base/text-input";
import type { TextFrame } from "./labelled-texts";

/**
 * A text, or a pair of texts, and its labels: one number for each label of the classifier, 1 if the text has it, else
 * 0.
 */
export interface MultiLabelText {
  readonly text: string;
  /** The second text of a pair. */
  readonly textPair?: string;
  readonly label: readonly number[];
}

/**
 * A danfojs DataFrame with the column `texts` (and `text_pair`) and one column of 0 and 1 for each label, or a list.
 */
export type MultiLabelTexts = TextFrame | readonly MultiLabelText[];

const NAMED = 10; // the most bad rows that an error names

/**
 * Reads texts and, for each of the labels, whether they have it.
 *
 * @returns `flags` is [texts][labels]
 * @throws TsloraError `bad-input` if a column is missing, there is no row, a text is not a string, or a label neither 0
 *   nor 1.
 */
export function readMultiLabelTexts(
  where: string,
  data: MultiLabelTexts,
  labels: readonly string[],
): { texts: readonly TextInput[]; flags: readonly (readonly number[])[] } {
  const problems = new Problems(where);
  const rows: readonly { text: unknown; label: unknown }[] =
    "column" in data
      ? multiLabelRows(data, { labels, problems })
      : data.map(({ text, textPair, label }) => ({ text: textInput(text, textPair), label }));
  problems.throwIfAny("bad-input");
  problems.expect(rows.length > 0, "the data must have at least one text; got none");
  const bad: string[] = [];
  rows.forEach(({ text, label }, i) => {
    if (!isTextInput(text)) bad.push(`row ${i}: the text must be a string; got ${shownValue(text)}`);
    if (!Array.isArray(label) || label.length !== labels.length || !label.every((flag) => flag === 0 || flag === 1))
      bad.push(
        `row ${i}: the label must be a list of ${labels.length} numbers, 1 for each label that the text has and else 0; got ${shownValue(label)}`,
      );
  });
  for (const problem of bad.slice(0, NAMED)) problems.expect(false, problem);
  problems.expect(bad.length <= NAMED, `and ${bad.length - NAMED} more`);
  problems.throwIfAny("bad-input");
  return {
    texts: rows.map(({ text }) => text as TextInput),
    flags: rows.map(({ label }) => label as readonly number[]),
  };
}

/** The rows of a frame with a column for each label, unchecked. Adds a problem for each missing column. */
export function multiLabelRows(
  frame: { readonly columns: readonly string[]; column(name: string): { readonly values: unknown } },
  { labels, problems }: { labels: readonly string[]; problems: Problems },
): { text: unknown; label: unknown[] }[] {
  const missing = ["texts", ...labels].filter((name) => !frame.columns.includes(name));
  const complete = problems.expect(
    missing.length === 0,
    `the frame must have the column texts and one of 0 and 1 for each label, ${labels.join(", ")}; it lacks ${missing.join(", ")}`,
  );
  if (!complete) return [];
  const values = (name: string): unknown[] => Array.from(frame.column(name).values as ArrayLike<unknown>);
  const pairs = frame.columns.includes("text_pair") ? values("text_pair") : undefined;
  const flags = labels.map(values);
  return values("texts").map((text, row) => ({
    text: pairs === undefined ? text : [text, pairs[row]],
    label: flags.map((column) => column[row]),
  }));
}
