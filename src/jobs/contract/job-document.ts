import type { JsonValue } from "../../base/json";

/** The types of jobs that a worker runs; it refuses all others. */
export const JOB_TYPES = ["predict-shard", "train-trial"] as const;

export type JobTypeName = (typeof JOB_TYPES)[number];

/** A file that a job reads, or a range of its bytes. */
export interface JobInput {
  /** Absolute, or relative to the store. */
  readonly path: string;
  /** First byte of the range. @default 0 */
  readonly start?: number;
  /** First byte after the range. @default the file's end */
  readonly end?: number;
  /** SHA-256 of the file's content, so that a job never computes with another file of this name. */
  readonly sha256: string;
}

/**
 * One job: a pure function of this document and the bytes that it names. Two workers that run it write the same bytes.
 */
export interface JobDocument {
  readonly format: 1;
  readonly type: JobTypeName;
  /** Unique in its store, such as `trial-0007-seed-1` or `shard-00012`; letters, digits, `-`, `_` and `.`. */
  readonly name: string;
  /** Settings of the job's type; {@link JobType.settingsSchema} checks them. */
  readonly settings: { readonly [key: string]: JsonValue };
  readonly seed: number;
  readonly inputs: readonly JobInput[];
}
