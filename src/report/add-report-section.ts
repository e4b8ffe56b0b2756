import { existsSync } from "node:fs";
import { join } from "node:path";

import { outputFolder } from "../base/files/output-folder";
import { shownPath } from "../base/shown-path";
import { checkSections } from "./check-sections";
import { studyCommand } from "./facts/study-commands";
import type { ReportSection } from "./report-section";
import { readResults, writeResults, type StudyResults } from "./study-results";

/**
 * Adds a section to the results of the last run in the output folder, in place of an earlier one with its id; `tslora
 * report` then writes the report with it. Results of another model or other data are left as they are.
 *
 * @param about - the model and the data of the section, as in the results
 * @returns what was done, as a sentence
 * @throws TsloraError `bad-input` for a section that cannot be shown, `not-saved` if the results cannot be written.
 */
export async function addReportSection(
  section: ReportSection,
  about: Pick<StudyResults, "model" | "dataName">,
): Promise<string> {
  checkSections([section]);
  const folder = shownPath(outputFolder());
  if (!existsSync(join(outputFolder(), "results.json")))
    return `There is no report in ${folder} to add this to: \`${studyCommand()}\` makes one. Then run this cell again.`;
  const results = await readResults();
  if (results.model !== about.model || results.dataName !== about.dataName)
    return `The report in ${folder} is about ${results.model} and ${results.dataName ?? results.data}; this section is about ${about.model} and ${about.dataName ?? "other data"}, and was not added.`;
  const others = (results.sections ?? []).filter(({ id }) => id !== section.id);
  await writeResults({ ...results, sections: [...others, section] });
  return `Added to ${folder}/results.json. \`npx tslora report ${folder}\` writes the report with it.`;
}
