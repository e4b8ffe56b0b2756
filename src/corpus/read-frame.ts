import type { DataFrame } from "danfojs-node";

import { textInput, type TextInput } from "../base/text-input";
import { TsloraError } from "../base/tslora-error";

/** The column of a corpus's groups, if it was loaded with a `groupColumn`. */
export const GROUP = "group";

/** The columns of a corpus's texts as arrays, one element per row. */
export interface TextColumns {
  readonly texts: string[];
  /** The second texts, if the corpus has pairs of texts. */
  readonly textPairs?: string[];
  readonly ID: string[];
}

/** The columns of a corpus's frame as arrays, one element per row. */
export interface CorpusColumns extends TextColumns {
  readonly label: number[];
}

/**
 * Reads a corpus's columns from a frame and checks them. Further code works on plain arrays.
 *
 * @throws TsloraError `bad-input` with the column and the row, if a column is missing or holds a wrong type.
 */
export function readFrame(frame: DataFrame): CorpusColumns {
  return {
    ...readTextColumns(frame),
    label: column(
      frame,
      "label",
      (value): value is number => Number.isInteger(value) && Number(value) >= 0,
      "a whole number from 0",
    ),
  };
}

/** Reads a corpus's texts and IDs, whatever labels it has. */
export function readTextColumns(frame: DataFrame): TextColumns {
  const strings = (name: string): string[] =>
    column(frame, name, (value): value is string => typeof value === "string", "a string");
  return {
    texts: strings("texts"),
    ...(frame.columns.includes("text_pair") ? { textPairs: strings("text_pair") } : {}),
    ID: strings("ID"),
  };
}

/** A corpus's texts, or pairs of texts, as a classifier and a tokenizer take them. */
export function textInputs(frame: DataFrame): TextInput[] {
  const { texts, textPairs } = readTextColumns(frame);
  return texts.map((text, row) => textInput(text, textPairs?.[row]));
}

function column<T>(frame: DataFrame, name: string, fits: (value: unknown) => value is T, expected: string): T[] {
  if (!frame.columns.includes(name)) {
    throw new TsloraError(
      "bad-input",
      `the frame must have the columns texts, ID, label; got ${frame.columns.join(", ")}. Load it with loadCorpus, or rename its columns.`,
    );
  }
  return (frame.column(name).values as unknown[]).map((value, row) => {
    if (!fits(value))
      throw new TsloraError(
        "bad-input",
        `column ${name} must hold ${expected}; got ${JSON.stringify(value) ?? "nothing"} in row ${String(frame.index[row])}.`,
      );
    return value;
  });
}
