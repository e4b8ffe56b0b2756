import { formatNumber, formatShare } from "../../figures/format";
import type { StudyFacts } from "../facts/study-facts";
import { missingEvidence, type PageSection } from "../page/page-section";

/** Test texts that were predicted wrong, by ID. */
export function errorSection({ errors, subject }: StudyFacts): PageSection {
  const place = { id: "errors", title: "Errors" };
  if (errors === undefined) return { ...place, content: missingEvidence("the IDs of the wrong test texts", subject) };
  const { texts, wrong, nearestBy, listed } = errors;
  const suspected = listed.filter((one) => one.suspected.length > 0).length;
  const by = nearestBy === "encoder" ? "the trained encoder's features" : "TF-IDF";
  return {
    ...place,
    content: [
      {
        kind: "paragraph",
        text: `${formatNumber(wrong)} of ${formatNumber(texts)} test texts (${formatShare(wrong / texts)}) were predicted wrong. The audit suspects the labels of ${formatNumber(suspected)} of them: there the data may be wrong instead of the classifier. Beside each text are the training texts that are most like it, by the cosine of ${by}; many of the predicted label explain an error.`,
      },
      ...(listed.length === 0
        ? []
        : [
            {
              kind: "table" as const,
              id: "errors-list",
              caption: `Wrong test texts, the most certain prediction first${listed.length < wrong ? `: ${formatNumber(listed.length)} of ${formatNumber(wrong)}` : ""}`,
              columns: [
                { name: "ID" },
                { name: "Label" },
                { name: "Predicted" },
                { name: "Probability", align: "right" as const, digits: 3 },
                { name: "Nearest training texts" },
                { name: "Label suspected" },
              ],
              rows: listed.map(({ ID, label, predicted, probability, nearest, suspected: why }) => [
                ID,
                label,
                predicted,
                probability,
                nearest.map((one) => `${one.ID} (${one.label}, ${formatNumber(one.similarity, 2)})`).join("; "),
                why.length === 0 ? "no" : why.join(", "),
              ]),
            },
          ]),
    ],
  };
}
