import { faultCode, faultText } from "../../../base/files/file-fault";
import { shownPath } from "../../../base/shown-path";
import { TsloraError } from "../../../base/tslora-error";
import { codeVersion } from "../../contract/code-version";
import type { JobTypes } from "../../contract/job-types";
import { runJob } from "../../contract/run-job";
import type { JobStore } from "../../store/job-store";
import { openStore } from "../../store/open-store";
import type { JobMessage, JobReply, JobRequest } from "./messages";

/** Milliseconds between two reports of progress. */
const PACE = 200;

/**
 * Serves jobs in this process, one at a time, for the process that started it. Computing may block this process; its
 * parent answers meanwhile. Ends when the parent is gone.
 *
 * @param types - the types of jobs that it runs; all others are refused
 */
export function serveJobs(types: JobTypes): void {
  let stop: AbortController | undefined;
  process.on("message", (request: JobRequest) => {
    if (request.kind === "stop") return stop?.abort();
    const controller = (stop = new AbortController());
    void answer(request, { types, signal: controller.signal }).then(send);
  });
  process.on("disconnect", () => process.exit(0));
  // a terminal sends Ctrl-C to all processes; the parent decides when this one ends
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
}

async function answer(
  { document, store, inputFolders }: Extract<JobRequest, { kind: "run" }>,
  { types, signal }: { types: JobTypes; signal: AbortSignal },
): Promise<JobReply> {
  let next = 0;
  try {
    const { manifest, reused } = await runJob(document, {
      ...{ types, signal, inputFolders },
      store: await storeAt(store),
      code: await codeVersion(),
      progress: (progress) => {
        if (performance.now() < next && progress.done !== progress.total) return;
        next = performance.now() + PACE;
        send({ kind: "progress", progress });
      },
    });
    return { kind: "done", manifest, reused };
  } catch (error) {
    if (signal.aborted && error instanceof TsloraError && error.code === "aborted") return { kind: "stopped" };
    const code = error instanceof TsloraError ? error.code : undefined;
    return { kind: "failed", code, message: messageOf(error) };
  }
}

/** Stores that are open, by their places. */
const stores = new Map<string, JobStore>();

async function storeAt(place: string): Promise<JobStore> {
  const store = stores.get(place) ?? (await openStore(place));
  stores.set(place, store);
  return store;
}

/** An error's message; a system error in words, with its file. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof TsloraError || faultCode(error) === undefined) return error.message;
  const path = "path" in error && typeof error.path === "string" ? `${shownPath(error.path)}: ` : "";
  return path + faultText(error);
}

function send(message: JobReply | Extract<JobMessage, { kind: "progress" }> | Omit<JobMessage, "peak">): void {
  const peak = process.resourceUsage().maxRSS * 1024;
  if (process.connected) process.send?.({ ...message, peak });
}
