import type { DataFrame } from "danfojs-node";

import type { Problems } from "../base/problems";
import { shownValue } from "../base/shown-value";
import type { TextInput } from "../base/text-input";
import { TsloraError } from "../base/tslora-error";
import { readFrame, readTextColumns, textInputs } from "../corpus/read-frame";

/** One frame, or the parts of a split by name: earlier parts come first, such as train before test. */
export type AuditedData = DataFrame | Readonly<Record<string, DataFrame>>;

/** The rows of all parts as arrays. */
export interface AuditedTexts {
  readonly texts: readonly TextInput[];
  readonly ID: readonly string[];
  /** Missing if the data have no column `label`. */
  readonly labels?: readonly number[];
  /** Names of the labels; numbers if none are given. */
  readonly names: readonly string[];
  /** The number of each row's part, and the parts' names; missing for one frame. */
  readonly parts?: { readonly of: readonly number[]; readonly names: readonly string[] };
  /** The value of the group column in each row. */
  readonly groups?: readonly (string | number)[];
}

/**
 * Reads the rows of all parts. Adds a problem for labels without a name.
 *
 * @throws TsloraError `bad-input` if a column is missing or there is no text.
 */
export function readAuditedTexts(
  problems: Problems,
  data: AuditedData,
  { labels, groupColumn }: { readonly labels?: readonly string[]; readonly groupColumn?: string },
): AuditedTexts {
  const several = !isFrame(data);
  const parts = isFrame(data) ? [data] : Object.values(data);
  const labelled = parts.every(({ columns }) => columns.includes("label"));
  const texts = parts.flatMap((frame) => textInputs(frame));
  if (texts.length === 0) throw new TsloraError("bad-input", "audit: the data must have at least one text; got none.");
  const given = labelled ? parts.flatMap((frame) => readFrame(frame).label) : undefined;
  const classes = given === undefined ? 0 : given.reduce((most, label) => Math.max(most, label + 1), 0);
  problems.expect(
    labels === undefined || labels.length >= classes,
    `labels must name each of ${classes} classes; got ${labels?.length ?? 0}`,
  );
  return {
    texts,
    ID: parts.flatMap((frame) => readTextColumns(frame).ID),
    labels: given,
    names: labels ?? Array.from({ length: classes }, (_, label) => String(label)),
    ...(several
      ? { parts: { of: parts.flatMap((frame, part) => frame.index.map(() => part)), names: Object.keys(data) } }
      : {}),
    ...(groupColumn === undefined ? {} : { groups: parts.flatMap((frame) => groupValues(frame, groupColumn)) }),
  };
}

/** Whether the data are one frame. */
export function isFrame(data: AuditedData): data is DataFrame {
  return Array.isArray(data.columns) && typeof data.column === "function";
}

function groupValues(frame: DataFrame, name: string): (string | number)[] {
  if (!frame.columns.includes(name))
    throw new TsloraError(
      "bad-input",
      `audit: the frame must have the column ${name} of groupColumn; got ${frame.columns.join(", ")}.`,
    );
  return (frame.column(name).values as unknown[]).map((value, row) => {
    if (value === undefined || value === null || Number.isNaN(value) || (typeof value === "string" && !value.trim()))
      throw new TsloraError(
        "bad-input",
        `audit: the column ${name} of groupColumn must have a value in each row; got ${shownValue(value)} in row ${String(frame.index[row])}. Rows without one would be a single group: give each a value of its own.`,
      );
    return value as string | number;
  });
}

/** A text, or a pair of texts, as one text. */
export function wholeText(text: TextInput): string {
  return typeof text === "string" ? text : text.join("\n");
}
