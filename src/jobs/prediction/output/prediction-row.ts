import type { RecordKind } from "../../../corpus/records/read-records";

/** One text's prediction in the output. */
export interface PredictionRow {
  /** The PMID, or the text's ID. */
  readonly id: string;
  /** Version of a PubMed record. */
  readonly version?: number;
  /** The predicted label, or if a text may have several all of them. */
  readonly labels: readonly string[];
  /** In the order of the labels. */
  readonly probabilities: readonly number[];
  /** `tfidf` if the cascade left the text to its screen: label and probabilities are then the screen's. */
  readonly by: "encoder" | "tfidf";
}

/** Facts that all rows of an output share. */
export interface RowShape {
  readonly labels: readonly string[];
  /** Whether a text may have several labels. */
  readonly several: boolean;
  readonly kind: RecordKind;
  /** The first 16 digits of the model's hash. */
  readonly model: string;
}

/** Digits of the model's hash in each row; the manifest has all. */
export const HASH_DIGITS = 16;

/** Digits of a probability: those of 32-bit numbers. */
const DIGITS = 7;

/** A probability as it is written. */
export function rounded(probability: number): number {
  return Number(probability.toPrecision(DIGITS));
}

/** A row as a line of JSON Lines. */
export function rowLine(row: PredictionRow, { labels, several, kind, model }: RowShape): string {
  const { id, version } = row;
  return `${JSON.stringify({
    ...(kind === "pubmed" ? { pmid: id, version } : { id }),
    ...(several ? { labels: row.labels } : { label: row.labels[0] }),
    probabilities: Object.fromEntries(labels.map((label, i) => [label, row.probabilities[i]])),
    by: row.by,
    model,
  })}\n`;
}
