import { existsSync } from "node:fs";
import { resolve } from "node:path";

import { projectRoot } from "../../src/base/project-root";

/** The study's archive, or why tests that read it are skipped. */
export type StudyArchive =
  { readonly path: string; readonly skip: false } | { readonly path: undefined; readonly skip: string };

/**
 * Finds the study's `Dataset.zip`: TSLORA_DATA names it, and no other place is looked at.
 *
 * @throws Error where TSLORA_DATA names a zip that does not exist
 */
export function findStudyArchive(): StudyArchive {
  const given = process.env.TSLORA_DATA ?? "";
  if (!given.endsWith(".zip"))
    return { path: undefined, skip: "needs the study's Dataset.zip: name its path in TSLORA_DATA" };
  const path = resolve(projectRoot(), given);
  if (!existsSync(path)) throw new Error(`TSLORA_DATA must name an existing file; got ${given}.`);
  return { path, skip: false };
}
