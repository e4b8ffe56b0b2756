import { isRecord, type JsonRecord } from "../../src/base/json";
import type { Notebook } from "../../src/notebook/format/notebook-types";
import { withoutKeys } from "../../src/notebook/format/without-keys";

/** Executed notebook without times, ids and the runners' own notes. */
export interface Normalised {
  readonly metadata: JsonRecord;
  readonly cells: readonly JsonRecord[];
}

/** Tags of the cells by which papermill and tslora mark, at the top, that a run failed. */
const MARKS = ["papermill-error-cell-tag", "tslora-error"];

/** Takes out of an executed notebook what two runs of it never share. */
export function normalise({ metadata, cells }: Notebook): Normalised {
  const kept = cells.filter((cell) => !MARKS.some((tag) => cell.metadata.tags?.includes(tag)));
  return {
    metadata: withoutKeys(metadata, ["papermill", "tslora", "orig_nbformat", "orig_nbformat_minor"]),
    cells: kept.map((cell) => normaliseCell(cell as unknown as JsonRecord)),
  };
}

function normaliseCell(cell: JsonRecord): JsonRecord {
  const metadata = withoutKeys(isRecord(cell.metadata) ? cell.metadata : {}, ["execution", "papermill", "tslora"]);
  const untagged =
    // Papermill tags every cell with nothing.
    Array.isArray(metadata.tags) && metadata.tags.length === 0 ? withoutKeys(metadata, ["tags"]) : metadata;
  return {
    ...withoutKeys(cell, ["id"]),
    metadata: untagged,
    ...(Array.isArray(cell.outputs) && { outputs: joinStreams(cell.outputs.filter(isRecord)) }),
  };
}

/**
 * Neighbouring outputs of one stream joined: the number of messages into which a kernel divides a text depends on
 * timing.
 */
function joinStreams(outputs: readonly JsonRecord[]): JsonRecord[] {
  const joined: JsonRecord[] = [];
  for (const output of outputs) {
    const last = joined.at(-1);
    if (output.output_type === "stream" && last?.output_type === "stream" && last.name === output.name)
      joined[joined.length - 1] = { ...last, text: String(last.text) + String(output.text) };
    else joined.push(output);
  }
  return joined.map(
    (output) =>
      JSON.parse(
        JSON.stringify(output)
          .replace(/ipykernel_\d+\/\d+\.py/g, "ipykernel_N/N.py")
          .replace(/0x[0-9a-f]{8,}/g, "0x"),
      ) as JsonRecord,
  );
}

/** Lists the places where two normalised notebooks differ, e.g. `cell 2, outputs`; cells are counted from 1. */
export function placesOfDifference(ours: Normalised, theirs: Normalised): string[] {
  const places = differingKeys(ours.metadata, theirs.metadata).map((key) => `metadata, ${key}`);
  if (ours.cells.length !== theirs.cells.length)
    return [...places, `${ours.cells.length} cells, theirs ${theirs.cells.length}`];
  return [
    ...places,
    ...ours.cells.flatMap((cell, at) => differingKeys(cell, theirs.cells[at]).map((key) => `cell ${at + 1}, ${key}`)),
  ];
}

function differingKeys(a: JsonRecord, b: JsonRecord): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])]
    .sort()
    .filter((key) => canonical(a[key]) !== canonical(b[key]));
}

function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_key, item: unknown) =>
      isRecord(item) ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1))) : item,
    ) ?? "undefined"
  );
}
