import { formatNumber, formatShare } from "../../figures/format";
import type { StudyFacts } from "./study-facts";

/** Limits of a run's figures that its own facts show, after those of the comparison. */
export function reportLimits(
  { subject, data, audit, errors, results }: Pick<StudyFacts, "subject" | "data" | "audit" | "errors" | "results">,
  fromComparison: readonly string[],
): string[] {
  const { after } = results;
  const { low, high, confidence } = after.accuracyInterval;
  const suspected = errors?.listed.filter((one) => one.suspected.length > 0).length ?? 0;
  const labelIssues = audit?.summary.reasons
    .filter(({ reason }) => reason === "label-issue")
    .reduce((sum, { count }) => sum + count, 0);
  const leaks = data === undefined ? 0 : data.leaks.byId + data.leaks.byText;
  return [
    ...(subject.banner === undefined ? [] : [subject.banner]),
    ...fromComparison,
    `The test set has ${formatNumber(after.n)} texts: the ${formatNumber(Math.round(1000 * confidence) / 10)}% interval of the accuracy is ${formatNumber(high - low, 3)} wide.`,
    ...(data === undefined || data.tokens.cut === 0
      ? []
      : [
          `Texts are cut to ${formatNumber(data.tokens.maxLength)} tokens, which cuts ${formatShare(data.tokens.cut / data.tokens.texts)} of the training texts. What follows has no effect.`,
        ]),
    ...(labelIssues === undefined || labelIssues === 0
      ? []
      : [
          `The audit suspects the labels of ${formatNumber(labelIssues)} texts${suspected === 0 ? "" : `, and of ${formatNumber(suspected)} of the ${formatNumber(errors?.wrong)} test texts that were predicted wrong`}. Labels were not changed.`,
        ]),
    ...(leaks === 0
      ? []
      : [`${formatNumber(leaks)} test texts are in the training part as well, which makes the scores too high.`]),
    "Texts of other sources, times or languages were not tried, nor were groups of people or writers compared.",
  ];
}
