import type { JobDocument } from "../contract/job-document";
import type { JobManifest } from "../contract/job-manifest";
import type { JobProgress } from "../contract/job-type";

/** Events of one job. */
export type JobEvent =
  | {
      readonly type: "started";
      readonly job: string;
      readonly attempt: number;
      readonly worker: string;
      /** Why a result that the store has is not taken, such as: it was computed by other code. */
      readonly why?: string;
    }
  | { readonly type: "progress"; readonly job: string; readonly progress: JobProgress }
  | {
      readonly type: "failed";
      readonly job: string;
      readonly attempt: number;
      readonly error: string;
      readonly retries: boolean;
    };

/** The end of one job. A failed job has been tried three times. */
export type JobOutcome =
  | { readonly type: "done"; readonly job: string; readonly manifest: JobManifest; readonly reused: boolean }
  | { readonly type: "failed"; readonly job: string; readonly attempts: number; readonly error: string }
  | { readonly type: "stopped"; readonly job: string };

/** Options of one job. */
export interface RunJobOptions {
  /** Stops the job at its next checkpoint; its outcome is `stopped`. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: JobEvent) => void;
}

/**
 * A driver runs jobs on an engine: child processes of this one, workers at a Redis queue, or a SLURM array. Retries,
 * lost workers and finished jobs are its concern; order is not.
 */
export interface JobDriver {
  readonly name: "local" | "bullmq" | "slurm";
  /** Jobs that run at the same time; a search asks for that many trials. Infinity where the engine decides. */
  readonly capacity: number;
  /** Runs one job, or returns the result that the store holds. Rejects only if the engine itself fails. */
  run(document: JobDocument, options?: RunJobOptions): Promise<JobOutcome>;
  /** Ends all workers that this driver started. No process stays. */
  close(): Promise<void>;
}
