import { TsloraError } from "../../src/base/tslora-error";
import { JOB_TYPE_CODE } from "../../src/jobs/contract/job-types";
import { runJob } from "../../src/jobs/contract/run-job";
import type { JobDriver, JobOutcome } from "../../src/jobs/drivers/job-driver";
import { foldersOfInputs } from "../../src/jobs/drivers/prepare-job";
import { openStore } from "../../src/jobs/store/open-store";

/** Runs jobs in this process, once each: tests need no process that loads TensorFlow again. */
export function inProcessDriver(place: string): JobDriver {
  return {
    name: "local",
    capacity: 1,
    close: () => Promise.resolve(),
    run: async (document, { signal = new AbortController().signal, onEvent } = {}): Promise<JobOutcome> => {
      const store = await openStore(place);
      const job = document.name;
      onEvent?.({ type: "started", job, attempt: 1, worker: "this process" });
      try {
        const { manifest, reused } = await runJob(document, {
          ...{ store, types: JOB_TYPE_CODE, code: "test", inputFolders: foldersOfInputs(document), signal },
          progress: (progress) => onEvent?.({ type: "progress", job, progress }),
        });
        return { type: "done", job, manifest, reused };
      } catch (error) {
        if (error instanceof TsloraError && error.code === "aborted") return { type: "stopped", job };
        return { type: "failed", job, attempts: 1, error: error instanceof Error ? error.message : String(error) };
      }
    },
  };
}
