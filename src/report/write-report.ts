import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { places } from "../base/places";
import { writeAtomically } from "../base/files/write-atomically";
import { checkSections } from "./check-sections";
import type { StudyFacts } from "./facts/study-facts";
import { reportPage } from "./page/report-page";

/** The files of a report. */
export const REPORT_FILES = { page: "study.html", facts: "study.json", schema: "study.schema.json" } as const;

/** Paths of a written report. */
export interface WrittenReport {
  /** The page, which needs no other file. */
  readonly page: string;
  /** The facts for programs. */
  readonly facts: string;
  /** The JSON schema of the facts. */
  readonly schema: string;
  /** Bytes of the page. */
  readonly bytes: number;
}

/**
 * Writes a report into a folder: the page `study.html`, its facts as `study.json`, and their JSON schema. No text of
 * the data is in them.
 *
 * @example
 * const facts = studyFacts(await readResults());
 * await writeReport(facts, outputFolder());
 *
 * @throws TsloraError `bad-input` for sections that cannot be shown, before anything is written; `not-saved` for an
 *   error of the file system.
 */
export async function writeReport(facts: StudyFacts, folder: string): Promise<WrittenReport> {
  checkSections(facts.sections ?? []);
  const html = reportPage(facts);
  const schema = await readFile(join(places().compiled, "report", REPORT_FILES.schema), "utf8");
  const path = (name: keyof typeof REPORT_FILES): string => join(folder, REPORT_FILES[name]);
  await writeAtomically(path("facts"), `${JSON.stringify({ $schema: REPORT_FILES.schema, ...facts }, undefined, 1)}\n`);
  await writeAtomically(path("schema"), schema);
  await writeAtomically(path("page"), html);
  return { page: path("page"), facts: path("facts"), schema: path("schema"), bytes: Buffer.byteLength(html) };
}
