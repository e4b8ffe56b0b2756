import type { JsonValue } from "../../base/json";
import type { JobDocument, JobTypeName } from "./job-document";

/** The progress of a job. */
export interface JobProgress {
  /** Units done: texts of a shard, optimizer steps of a trial. */
  readonly done: number;
  /** Units in all, if known. */
  readonly total?: number;
  /** Numbers to show or to decide by, such as the validation metric at a step. */
  readonly values?: { readonly [key: string]: number };
}

/** A job's surroundings, given by the worker that runs it. */
export interface JobContext {
  /** An empty folder. Its files become the result when the job returns. */
  readonly resultFolder: string;
  /** A folder that outlives a killed worker, for checkpoints; the next worker finds it as it was. */
  readonly workFolder: string;
  /** Local paths of the document's inputs, in order, of checked hash. */
  readonly inputs: readonly string[];
  /** Reports progress to the driver. */
  readonly progress: (progress: JobProgress) => void;
  /** Aborted when the job is to stop: the user stops the run, or a sweep prunes the trial. Checkpoints stay. */
  readonly signal: AbortSignal;
}

/** A type of job. Types are listed in `job-types.ts`; a document cannot name code. */
export interface JobType {
  readonly name: JobTypeName;
  /** JSON schema (draft 2020-12) of the settings. */
  readonly settingsSchema: { readonly [key: string]: JsonValue };
  /** Computes the result, and returns the manifest's summary. */
  readonly run: (document: JobDocument, context: JobContext) => Promise<{ readonly [key: string]: JsonValue }>;
}
