/** The formats of predictions. */
export const OUTPUT_FORMATS = ["jsonl", "jsonl.gz", "parquet"] as const;

export type OutputFormat = (typeof OUTPUT_FORMATS)[number];
