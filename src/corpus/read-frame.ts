import type { DataFrame } from "danfojs-node";

import { TsloraError } from "../base/tslora-error";

/** The columns of a corpus's frame as arrays, one element per row. */
export interface CorpusColumns {
  readonly texts: string[];
  readonly ID: string[];
  readonly label: number[];
}

/**
 * Reads a corpus's columns from a frame and checks them. Further code works on plain arrays.
 *
 * @throws TsloraError `bad-input` with the column and the row, if a column is missing or holds a wrong type.
 */
export function readFrame(frame: DataFrame): CorpusColumns {
  return {
    texts: column(frame, "texts", (value): value is string => typeof value === "string", "a string"),
    ID: column(frame, "ID", (value): value is string => typeof value === "string", "a string"),
    label: column(
      frame,
      "label",
      (value): value is number => Number.isInteger(value) && Number(value) >= 0,
      "a whole number from 0",
    ),
  };
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
