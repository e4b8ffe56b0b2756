import { basename, dirname, join } from "node:path";

import { writeAtomically } from "../../base/files/write-atomically";
import { notebookPage } from "../../notebook/page/notebook-page";
import type { ParameterInput } from "../../notebook/parameters/inject-parameters";
import type { RunSummary } from "../../notebook/run/run-events";
import { studyFacts } from "../../report/facts/gather-facts";
import type { GivenParameter } from "../../report/facts/study-commands";
import type { StudyResults } from "../../report/study-results";
import { REPORT_FILES, writeReport } from "../../report/write-report";

/** The page of the notebooks, to which the report links. */
export const NOTEBOOK_PAGE = "notebooks.html";

/** A run whose pages are written. */
export interface StudyRun {
  /** The results of this run; undefined if it wrote none. */
  readonly results: StudyResults | undefined;
  readonly summaries: readonly RunSummary[];
  /** The parameters of the command line, and the names of those whose texts are not parsed. */
  readonly given: { readonly parameters: ParameterInput; readonly raw: readonly string[] };
}

/**
 * Writes the page of the notebooks, and the report if there are results.
 *
 * @returns their paths
 */
export async function writeStudyPages(
  folder: string,
  { results, summaries, given }: StudyRun,
): Promise<{ notebooks: string; report?: string }> {
  const notebooks = join(folder, NOTEBOOK_PAGE);
  await writeAtomically(
    notebooks,
    await notebookPage(
      summaries.map(({ path, notebook }) => ({ name: basename(path), notebook, folder: dirname(path) })),
      {
        title: `Notebooks: ${results?.dataName ?? "study"}`,
        summary: results === undefined ? undefined : `<p><a href="${REPORT_FILES.page}">The report of this run</a></p>`,
        foldCode: true,
      },
    ),
  );
  if (results === undefined) return { notebooks };
  const facts = studyFacts(results, {
    ...parametersOf(given),
    notebooks: summaries.map(({ path, elapsedMs }) => ({ name: basename(path), seconds: elapsedMs / 1000 })),
  });
  return { notebooks, report: (await writeReport(facts, folder)).page };
}

/** The given parameters if all are plain values. Otherwise none: the report lists those that the notebook recorded. */
function parametersOf({ parameters, raw }: StudyRun["given"]): { parameters?: GivenParameter[] } {
  const given = Object.entries(parameters).map(([name, value]) => ({ name, value, raw: raw.includes(name) }));
  const plain = given.every(({ value }) => value === null || typeof value !== "object");
  return plain ? { parameters: given } : {};
}
