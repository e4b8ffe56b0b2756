import { TRIPOD_AI_SOURCE } from "../checklist/tripod-ai";
import type { StudyFacts } from "../facts/study-facts";
import type { PageSection } from "../page/page-section";

/** The TRIPOD+AI checklist with links to what fills each item. */
export function checklistSection({ checklist }: StudyFacts): PageSection {
  const filled = checklist.filter(({ status }) => status.kind === "from-run").length;
  return {
    id: "checklist",
    title: "TRIPOD+AI checklist",
    content: [
      {
        kind: "paragraph",
        text: `${filled} of the ${checklist.length} items are filled from the run, as far as a run can know; each links to its source on this page. The authors must complete the others. The items' words are ours; the published ones hold (${TRIPOD_AI_SOURCE}).`,
      },
      { kind: "checklist", items: checklist },
    ],
  };
}
