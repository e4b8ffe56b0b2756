import type { JobDriver } from "../drivers/job-driver";
import type { DriverOptions } from "../open-driver";
import type { OutputFormat } from "./output/output-format";

/** Options of {@link predictFiles}. */
export interface PredictFilesOptions extends Omit<DriverOptions, "store"> {
  /** The folder for predictions; unless `store` is given, it is also the jobs' store. */
  readonly output: string;
  /**
   * The jobs' store, for checkpoints and for continuing: a folder, or `s3://BUCKET/PREFIX`. The results are copied to
   * `output`. Several predictions need several stores.
   * @default `output`
   */
  readonly store?: string;
  /** A name that `loadClassifier` takes, or a folder. @default the adapter's base */
  readonly model?: string;
  /** The folder of an adapter in peft's format. @default none */
  readonly adapter?: string;
  /** Names of the labels. @default those of the run that trained the adapter, or the model's */
  readonly labels?: readonly string[];
  /** Most tokens of a text. @default as trained, or what the model has positions for */
  readonly maxLength?: number;
  readonly problemType?: "single_label_classification" | "multi_label_classification";
  readonly device?: "auto" | "cuda" | "cpu" | "webgpu";
  /** The numbers of linear layers: `int8` for weights and activations in 8 bits, on the CPU. @default "float32" */
  readonly precision?: "float32" | "int8";
  /** Whether the `calibration.json` beside the weights is used. @default true if there is one */
  readonly calibrated?: boolean;
  /** The column of the texts in tables. @default texts or text */
  readonly textColumn?: string;
  /** The column of a second text. @default single texts */
  readonly textPair?: string;
  /** The column of the IDs, or "none" to number the rows. @default ID, id, PMID or pmid */
  readonly idColumn?: string;
  /** The separator of CSV. @default a comma; a tab in .tsv */
  readonly delimiter?: string;
  /** Whether cells of CSV may be quoted. @default true */
  readonly quote?: boolean;
  /** Whether texts are cleaned as the study does. @default PubMed's alone */
  readonly cleanTexts?: boolean;
  /** Probability from which the second label is predicted. @default the most probable label */
  readonly threshold?: number;
  /** Most tokens in one forward pass. @default 4096 */
  readonly maxTokensPerPass?: number;
  /** Whether the `cascade.json` beside the weights screens the texts. @default false */
  readonly cascade?: boolean;
  /** @default "jsonl" */
  readonly outputFormat?: OutputFormat;
  /** Records between two checkpoints. @default 1024; with a cascade 16384 */
  readonly chunkRecords?: number;
  /** Bytes of JSON Lines in a shard. @default 67108864 (64 MiB) */
  readonly shardBytes?: number;
  /** Rows of Parquet in a shard, rounded up to whole row groups. @default 100000 */
  readonly shardRows?: number;
  /** Runs the shards, in that store; it stays the caller's. @default by `workers`, `redis` and `slurm` */
  readonly driver?: JobDriver;
  /** Stops at the next pass; the same call continues later. */
  readonly signal?: AbortSignal;
}
