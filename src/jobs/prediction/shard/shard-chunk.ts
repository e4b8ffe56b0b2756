import type { RecordProblem } from "../../../corpus/records/text-record";

/** A record of a chunk: its text, or the screen's probabilities if the encoder does not read it. */
export type ChunkRecord = {
  readonly id: string;
  readonly version?: number;
} & (
  | { readonly text: string; readonly textPair?: string }
  /** Probabilities of the two labels by TF-IDF. */
  | { readonly screened: readonly [number, number] }
);

/** Counts of the items of a chunk or a shard. */
export interface RecordCounts {
  /** Records in the file; the sum of the following. */
  readonly records: number;
  /** Texts with a prediction, by the encoder or the screen. */
  readonly texts: number;
  /** Records without a text, such as those of PubMed without an abstract. */
  readonly withoutText: number;
  readonly corrupt: number;
  /** Records that a later one of their series replaces or deletes. */
  readonly superseded: number;
}

/** Consecutive records of a shard, read and cleaned. */
export interface ShardChunk {
  readonly index: number;
  readonly records: readonly ChunkRecord[];
  readonly problems: readonly RecordProblem[];
  readonly counts: RecordCounts;
}

export const NO_RECORDS: RecordCounts = { records: 0, texts: 0, withoutText: 0, corrupt: 0, superseded: 0 };

/** The sum of two counts. */
export function addCounts(a: RecordCounts, b: RecordCounts): RecordCounts {
  return {
    records: a.records + b.records,
    texts: a.texts + b.texts,
    withoutText: a.withoutText + b.withoutText,
    corrupt: a.corrupt + b.corrupt,
    superseded: a.superseded + b.superseded,
  };
}
