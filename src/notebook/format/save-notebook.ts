import { writeAtomically } from "../../base/files/write-atomically";
import type { Notebook } from "./notebook-types";
import { notebookParts } from "./serialize-notebook";

/** How a notebook is saved. */
export interface SaveOptions {
  /** Whether to wait until the disk holds the file (fsync). @default true */
  readonly sync?: boolean;
}

/**
 * Writes a notebook beside its final name and renames it, keeping the permissions that the file had. A link is
 * followed: what it leads to is replaced, not the link. Written part by part, so that it may be of any length.
 *
 * @throws TsloraError `bad-input` for a notebook that breaks the format, before anything is written; `not-saved`.
 */
export async function saveNotebook(notebook: Notebook, path: string, options: SaveOptions = {}): Promise<void> {
  const parts = notebookParts(notebook, path);
  const first = parts.next(); // the whole notebook is checked here
  if (first.done === true) return;
  await writeAtomically(path, chained(first.value, parts), options);
}

function* chained(first: string, rest: Iterable<string>): Generator<string, void, undefined> {
  yield first;
  yield* rest;
}
