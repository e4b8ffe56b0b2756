import { asError } from "../../base/as-error";
import type { JobDocument } from "../contract/job-document";
import type { JobOutcome, RunJobOptions } from "./job-driver";

/** A job that an engine has, and that nobody has settled yet. */
export interface PendingJob {
  readonly document: JobDocument;
  readonly options: RunJobOptions;
  readonly settle: (outcome: JobOutcome) => void;
  readonly fail: (error: unknown) => void;
}

/** A job to wait for. */
export interface WaitOptions<Own> {
  readonly document: JobDocument;
  readonly options: RunJobOptions;
  /** The driver's own facts about the job. */
  readonly own: Own;
  /** Stops the job; called when its signal is aborted. */
  readonly stop: (name: string) => Promise<void>;
}

/** The jobs of a driver that waits for an engine, by name. `Own` are the driver's own facts about a job. */
export class PendingJobs<Own extends object = object> extends Map<string, PendingJob & Own> {
  /** Adds a job, and waits until it is settled or fails; then it is no longer pending. */
  wait({ document, options, own, stop }: WaitOptions<Own>): Promise<JobOutcome> {
    const { name } = document;
    return new Promise<JobOutcome>((resolve, reject) => {
      const onAbort = (): void => void stop(name).catch(() => undefined);
      const end = (): void => {
        this.delete(name);
        options.signal?.removeEventListener("abort", onAbort);
      };
      const settle = (outcome: JobOutcome): void => (end(), resolve(outcome));
      const fail = (error: unknown): void => (end(), reject(asError(error)));
      this.set(name, { ...own, document, options, settle, fail });
      options.signal?.addEventListener("abort", onAbort);
      if (options.signal?.aborted === true) onAbort(); // before it was listened to
    });
  }
}
