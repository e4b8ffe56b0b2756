import type { StudyFacts } from "../facts/study-facts";
import type { PageSection } from "../page/page-section";
import { auditSection } from "./audit";
import { calibrationSection } from "./calibration";
import { checklistSection } from "./checklist";
import { conclusionSection, limitSection } from "./conclusions";
import { dataSection } from "./data";
import { errorSection } from "./errors";
import { methodSection } from "./method";
import { otherTextSection } from "./other-texts";
import { questionSection } from "./question";
import { repeatSection } from "./repeat";
import { resultSection } from "./results";
import { summarySection } from "./summary";

/** The sections of the page in their order; those that other code added come before the conclusions. */
export function allSections(facts: StudyFacts): PageSection[] {
  return [
    summarySection(facts),
    questionSection(facts),
    dataSection(facts),
    auditSection(facts),
    methodSection(facts),
    resultSection(facts),
    calibrationSection(facts),
    errorSection(facts),
    otherTextSection(facts),
    ...(facts.sections ?? []),
    conclusionSection(facts),
    limitSection(facts),
    checklistSection(facts),
    repeatSection(facts),
  ];
}
