import { Problems } from "../base/problems";
import { shownValue } from "../base/shown-value";
import { isTextInput, textInput, type TextInput } from "../base/text-input";
import { TsloraError } from "../base/tslora-error";

/** The part of a danfojs DataFrame that is needed here. */
export interface TextFrame {
  readonly columns: string[];
  column(name: string): { readonly values: ArrayLike<unknown> };
}

/** A text, or a pair of texts, and its class. */
export interface LabelledText {
  readonly text: string;
  /** The second text of a pair. */
  readonly textPair?: string;
  /** The class, counted from 0. */
  readonly label: number;
}

/** A danfojs DataFrame with the columns `texts` and `label`, and `text_pair` for pairs of texts; or a list. */
export type LabelledTexts = TextFrame | readonly LabelledText[];

export interface TextsAndLabels {
  readonly texts: readonly TextInput[];
  readonly labels: readonly number[];
}

const NAMED = 10; // the most bad rows that an error names

/**
 * Reads texts and labels.
 *
 * @param options.classes - the number of classes
 * @throws TsloraError `bad-input` if a column is missing, there is no row, a text is not a string, or a label not a
 * class.
 */
export function readLabelledTexts(
  where: string,
  data: LabelledTexts,
  { classes }: { classes: number },
): TextsAndLabels {
  const rows: readonly { text: unknown; label: unknown }[] =
    "column" in data
      ? frameRows(where, data)
      : data.map(({ text, textPair, label }) => ({ text: textInput(text, textPair), label }));
  if (rows.length === 0)
    throw new TsloraError("bad-input", `${where}: the data must have at least one text; got none.`);
  const texts: TextInput[] = [];
  const labels: number[] = [];
  const bad: string[] = [];
  rows.forEach(({ text, label }, i) => {
    if (!isTextInput(text)) bad.push(`row ${i}: the text must be a string; got ${shownValue(text)}`);
    else texts.push(text);
    if (typeof label !== "number" || !Number.isInteger(label) || label < 0 || label >= classes)
      bad.push(`row ${i}: the label must be a whole number from 0 to ${classes - 1}; got ${shownValue(label)}`);
    else labels.push(label);
  });
  const problems = new Problems(where);
  for (const problem of bad.slice(0, NAMED)) problems.expect(false, problem);
  problems.expect(bad.length <= NAMED, `and ${bad.length - NAMED} more`);
  problems.throwIfAny("bad-input");
  return { texts, labels };
}

function frameRows(where: string, frame: TextFrame): { text: unknown; label: unknown }[] {
  const [texts, labels] = ["texts", "label"].map((name) => {
    if (!frame.columns.includes(name))
      throw new TsloraError(
        "bad-input",
        `${where}: the frame must have a column "${name}"; got ${frame.columns.map((c) => `"${c}"`).join(", ")}. ` +
          "Rename the column.",
      );
    return Array.from(frame.column(name).values);
  });
  const pairs = frame.columns.includes("text_pair") ? Array.from(frame.column("text_pair").values) : undefined;
  return texts.map((text, i) => ({ text: pairs === undefined ? text : [text, pairs[i]], label: labels[i] }));
}
