import type { TsloraErrorCode } from "../../../base/tslora-error";
import type { JobDocument } from "../../contract/job-document";
import type { JobManifest } from "../../contract/job-manifest";
import type { JobProgress } from "../../contract/job-type";

/** A request to a job's process. It runs one job at a time. */
export type JobRequest =
  | {
      readonly kind: "run";
      readonly document: JobDocument;
      readonly store: string;
      readonly inputFolders: readonly string[];
    }
  | { readonly kind: "stop" };

/** The end of a job in its process. */
export type JobReply =
  | { readonly kind: "done"; readonly manifest: JobManifest; readonly reused: boolean }
  | { readonly kind: "stopped" }
  | { readonly kind: "failed"; readonly code: TsloraErrorCode | undefined; readonly message: string };

/** A message of a job's process, with the most bytes of memory that it had so far. */
export type JobMessage = { readonly peak: number } & (
  JobReply | { readonly kind: "progress"; readonly progress: JobProgress }
);
