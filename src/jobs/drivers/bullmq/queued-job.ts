import type { JobStore } from "../../store/job-store";
import type { JobEvent } from "../job-driver";

/** Prefix of all keys in Redis. */
export const PREFIX = "tslora";

/** A job in Redis: only its name and its document's hash. The document itself is in the store. */
export interface QueuedJob {
  readonly name: string;
  /** SHA-256 of the document in canonical JSON. */
  readonly document: string;
}

/** The value that a worker returns to the queue. */
export interface QueuedResult {
  readonly kind: "done" | "stopped";
  readonly reused: boolean;
}

/** Times of a queue in milliseconds. */
export interface QueueTimes {
  /** Milliseconds of a worker's lock on a job, which it renews. @default 30,000 */
  readonly lock: number;
  /** Between two searches for jobs whose worker is gone. @default 15,000 */
  readonly stalled: number;
  /** Between two looks of the driver at store and queue. @default 3,000 */
  readonly poll: number;
}

export const QUEUE_TIMES: QueueTimes = { lock: 30_000, stalled: 15_000, poll: 3000 };

/** The queue of a store and of this code: a worker with other code, or another store, never sees its jobs. */
export function queueName({ id }: JobStore, code: string): string {
  return `${id}-${code}`;
}

/** The id of a job in its queue. BullMQ refuses ids that are numbers. */
export function jobId(name: string): string {
  return `job-${name}`;
}

/** A job's name from its id. */
export function nameOfId(id: string): string {
  return id.replace(/^job-/, "");
}

/** Whether a value that came through Redis is an event of a job. */
export function isJobEvent(value: unknown, job: string): value is JobEvent {
  if (typeof value !== "object" || value === null || !("type" in value) || !("job" in value)) return false;
  return value.job === job && ["started", "progress", "failed"].includes(String(value.type));
}
