/** An item that a reader of records yields, in the file's order. */
export type RecordItem =
  | { readonly kind: "record"; readonly record: TextRecord }
  | { readonly kind: "problem"; readonly problem: RecordProblem }
  /** A PubMed record that a later one of its series replaces or deletes. */
  | { readonly kind: "superseded"; readonly pmid: string; readonly version: number }
  | { readonly kind: "deletion"; readonly pmid: string; readonly version: number };

/** One text of a file. */
export interface TextRecord {
  /**
   * The PMID, the cell of the column of IDs, or without such a column the number of the row from 1; in JSON Lines
   * the number of the line.
   */
  readonly id: string;
  /** The text; of PubMed title and abstract in the study's format, as `Dataset.zip` has them. */
  readonly text: string;
  readonly textPair?: string;
  /** `Version` of a PubMed record's PMID. */
  readonly version?: number;
}

/** A record that cannot be used. The reader continues behind it. */
export interface RecordProblem {
  /** `no-text`: a PubMed record without an abstract, a blank or null cell; `corrupt`: everything else. */
  readonly kind: "corrupt" | "no-text";
  /** Its PMID, line or row, such as `PMID 123` or `line 7`. */
  readonly place: string;
  readonly message: string;
}
