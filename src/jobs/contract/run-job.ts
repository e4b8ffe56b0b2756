import { rm, stat } from "node:fs/promises";
import { relative, sep } from "node:path";

import { canonicalSha256 } from "../../base/canonical-json";
import { sha256OfFile } from "../../base/files/sha256-of-file";
import { TsloraError } from "../../base/tslora-error";
import type { JobStore } from "../store/job-store";
import { checkDocument, checkSettings } from "./check-document";
import type { JobDocument } from "./job-document";
import type { JobManifest, ResultFile } from "./job-manifest";
import { jobState } from "./job-state";
import type { JobContext, JobProgress } from "./job-type";
import type { JobTypes } from "./job-types";
import { localInputs } from "./local-inputs";
import { withHash } from "./manifest-hash";
import { resultFiles } from "./result-files";

/** Surroundings of {@link runJob}. */
export interface RunJobContext extends Pick<JobContext, "progress" | "signal"> {
  readonly store: JobStore;
  readonly types: JobTypes;
  /** See {@link codeVersion}. */
  readonly code: string;
  /** Folders outside the store in which inputs may be. */
  readonly inputFolders: readonly string[];
}

/** A job's manifest, and whether it was there already. */
export interface JobRun {
  readonly manifest: JobManifest;
  readonly reused: boolean;
}

/**
 * Runs a job in this process, unless it is done: computes into a folder of its own, moves that into place, and writes
 * the manifest last. If two workers run one job, the first manifest wins, and both return it.
 *
 * @throws TsloraError `bad-input` for a document, settings or inputs that are not valid; `aborted` if the signal
 *   stopped it; the error of the job
 */
export async function runJob(document: JobDocument, context: RunJobContext): Promise<JobRun> {
  const { store, types, code, signal, progress } = context;
  checkDocument(document);
  const { name } = document;
  const state = await jobState(document, { store, code });
  if (state.kind === "done") {
    await store.clean(name); // of a worker that was killed after it wrote the manifest
    return { manifest: state.manifest, reused: true };
  }
  const type = await types[document.type]();
  checkSettings(document, type);
  const inputs = await localInputs(document, { store, inputFolders: context.inputFolders });
  await store.retire(name, state.stored);
  const resultFolder = await store.newResultFolder(name);
  try {
    const workFolder = await store.workFolder(name);
    signal.throwIfAborted();
    const saving = (done: JobProgress): void => {
      progress(done);
      void store.saveWork(name).catch(() => undefined); // the next one, or a repetition, makes up for it
    };
    const summary = await type.run(document, { resultFolder, workFolder, inputs, progress: saving, signal });
    const files = await filesOf(resultFolder);
    const hash = canonicalSha256(document);
    const manifest = withHash({ format: 1, job: name, document: hash, code, files, summary });
    const published = await store.publish(manifest, resultFolder);
    await store.clean(name);
    return { manifest: published, reused: false };
  } catch (error) {
    const now = await jobState(document, { store, code }).catch(() => undefined);
    if (now?.kind === "done") return { manifest: now.manifest, reused: true }; // another worker was faster
    await store.saveWork(name, { always: true }).catch(() => undefined);
    if (signal.aborted) throw new TsloraError("aborted", `The job ${name} was stopped.`, { cause: error });
    throw error;
  } finally {
    await rm(resultFolder, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** The files of a result, in order of their paths. */
async function filesOf(folder: string): Promise<ResultFile[]> {
  const results: ResultFile[] = [];
  for (const file of await resultFiles(folder)) {
    const path = relative(folder, file).split(sep).join("/");
    results.push({ path, bytes: (await stat(file)).size, sha256: await sha256OfFile(file) });
  }
  return results.sort((a, b) => (a.path < b.path ? -1 : 1));
}
