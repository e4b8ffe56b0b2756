import type { JobDocument } from "../../contract/job-document";
import type { JobManifest } from "../../contract/job-manifest";
import type { JobEvent, JobOutcome } from "../job-driver";
import { pauseAfterOutage } from "../outage";
import type { ChildPool } from "./child-pool";

/** Tries of a job that fails. */
export const TRIES = 3;
/** Lost workers in a row, without any progress of the job, after which the job is not tried again. */
export const LOSSES = 5;

/** Options of {@link runAttempts}. */
export interface AttemptsOptions {
  readonly pool: ChildPool;
  readonly inputFolders: readonly string[];
  readonly signal: AbortSignal;
  readonly onEvent: (event: JobEvent) => void;
  /** The job's manifest, if it is done meanwhile. */
  readonly isDone: () => Promise<JobManifest | undefined>;
  /** Tries of a job that fails. @default {@link TRIES} */
  readonly tries?: number;
  /** Number of the first attempt, for events. @default 1 */
  readonly first?: number;
  /** Why a result that the store has is not taken. */
  readonly why?: string;
  /** For tests: the pause after the first outage. @default 5,000 ms */
  readonly pauseMs?: number;
}

/**
 * Runs a job until it is done, has failed three times, or is stopped. A lost worker is no failure of the job: another
 * one continues from the checkpoints. Nor is a storage that does not answer: the job waits for some minutes. Only a job
 * that meets these again and again, without any progress, fails.
 */
export async function runAttempts(
  document: JobDocument,
  { pool, inputFolders, signal, onEvent, isDone, tries = TRIES, first = 1, why, pauseMs }: AttemptsOptions,
): Promise<JobOutcome> {
  const job = document.name;
  let [failures, losses, furthest] = [0, 0, 0];
  for (let attempt = first; ; attempt++) {
    const before = furthest;
    const outcome = await pool.run(document, {
      ...{ inputFolders, signal, isDone },
      onStart: (worker) => {
        const reason = attempt === first && why !== undefined ? { why } : {};
        onEvent({ type: "started", job, attempt, worker, ...reason });
      },
      onProgress: (progress) => {
        furthest = Math.max(furthest, progress.done);
        onEvent({ type: "progress", job, progress });
      },
    });
    if (outcome.kind === "done") return { type: "done", job, manifest: outcome.manifest, reused: outcome.reused };
    if (outcome.kind === "stopped" || (outcome.kind === "lost" && signal.aborted)) return { type: "stopped", job };
    const isOutage = outcome.kind === "failed" && outcome.code === "unreachable";
    const isLost = outcome.kind === "lost" || isOutage;
    if (isLost) losses = furthest > before ? 0 : losses + 1;
    else failures++;
    const error = outcome.kind === "lost" ? `its worker ended (${outcome.how})` : outcome.message;
    const retries = isLost ? losses < LOSSES : failures < tries;
    onEvent({ type: "failed", job, attempt, error, retries });
    if (!retries) return { type: "failed", job, attempts: attempt - first + 1, error };
    if (isOutage) await pauseAfterOutage(Math.max(1, losses), { signal, pauseMs });
  }
}
