import { formatNumber } from "../../figures/format";
import { SOURCES, type ChecklistAnswers, type FactsForChecklist } from "./checklist-answer";

/** Answers about the discussion. */
export function discussionAnswers({ findings, limits, data }: FactsForChecklist): ChecklistAnswers {
  const last = findings.at(-1);
  return {
    ...(last === undefined
      ? {}
      : { 25: { text: last, source: SOURCES.findings, authorsAdd: "other evidence, and fairness" } }),
    26: {
      text: limits.slice(0, 3).join(" "),
      source: SOURCES.limits,
      authorsAdd: "the effect of these limits on the intended use",
    },
    ...(data === undefined
      ? {}
      : {
          27: {
            text: `An input is one text; it is cut to ${formatNumber(data.tokens.maxLength)} tokens. The user sees a probability for each label.`,
            source: SOURCES.method,
            authorsAdd: "how users act on a prediction, and next steps",
          },
        }),
  };
}
