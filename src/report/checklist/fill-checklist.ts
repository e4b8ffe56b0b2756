import type { ChecklistItem, ChecklistStatus } from "../facts/study-facts";
import type { ChecklistAnswers, FactsForChecklist } from "./checklist-answer";
import { discussionAnswers } from "./discussion-answers";
import { methodAnswers } from "./method-answers";
import { resultAnswers } from "./result-answers";
import { TRIPOD_AI } from "./tripod-ai";

/** Fills the items of TRIPOD+AI from the facts. The authors must complete the others. */
export function fillChecklist(facts: FactsForChecklist): ChecklistItem[] {
  const answers: ChecklistAnswers = { ...methodAnswers(facts), ...resultAnswers(facts), ...discussionAnswers(facts) };
  return TRIPOD_AI.map((item) => {
    const answer = answers[item.number];
    const status: ChecklistStatus = answer === undefined ? { kind: "authors" } : { kind: "from-run", ...answer };
    return { ...item, status };
  });
}
