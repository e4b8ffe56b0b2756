import { dirname } from "node:path";

import { checkDocument, checkSettings, isAbsolutePath } from "../contract/check-document";
import type { JobDocument } from "../contract/job-document";
import type { JobManifest } from "../contract/job-manifest";
import { jobState, type JobState } from "../contract/job-state";
import type { JobTypes } from "../contract/job-types";
import type { JobStore } from "../store/job-store";

/** Surroundings of a job at its driver. */
export interface PrepareOptions {
  readonly store: JobStore;
  readonly types: JobTypes;
  readonly code: string;
}

/**
 * Checks a document and puts it into the store, and looks whether the job is done.
 *
 * @throws TsloraError `bad-input` if the document is not valid; nothing is then written. `in-use` if the store has
 *   another document of this name
 */
export async function prepareJob(document: JobDocument, options: PrepareOptions): Promise<JobState> {
  const { store, types, code } = options;
  checkSettings(checkDocument(document), await types[document.type]());
  await store.addDocument(document);
  const state = await jobState(document, { store, code });
  // A worker that was killed after it wrote the manifest has left its checkpoint.
  if (state.kind === "done") await store.clean(document.name);
  return state;
}

/** The job's manifest, if it is done. */
export async function manifestIfDone(
  document: JobDocument,
  options: { store: JobStore; code: string },
): Promise<JobManifest | undefined> {
  const state = await jobState(document, options);
  return state.kind === "done" ? state.manifest : undefined;
}

/** Folders of a document's inputs outside the store; its worker may read them if it trusts the document. */
export function foldersOfInputs(document: JobDocument): readonly string[] {
  return [...new Set(document.inputs.filter(({ path }) => isAbsolutePath(path)).map(({ path }) => dirname(path)))];
}
