import { findLabelIssues, type FindLabelIssuesOptions } from "../labels/find-label-issues";
import { labelQualityScores } from "../labels/label-quality-scores";
import { argmax, type ClassProbabilities } from "../labels/labelled-probabilities";
import type { FoundIssue } from "./found-issue";

const SURE = 0.8; // an issue is severe if another label has at least this probability

/** Labels that are probably wrong, by confident learning. */
export function checkLabels(
  labels: readonly number[],
  probabilities: ClassProbabilities,
  { names, ...options }: FindLabelIssuesOptions & { readonly names: readonly string[] },
): FoundIssue[] {
  const scores = labelQualityScores(labels, probabilities, { method: options.returnIndicesRankedBy });
  return findLabelIssues(labels, probabilities, options).map((row) => {
    const suggested = argmax(probabilities[row]);
    const probable = probabilities[row][suggested];
    return {
      row,
      reason: "label-issue",
      severity: probable >= SURE ? "high" : "medium",
      score: scores[row],
      suggested: names[suggested],
      evidence: `p(${names[suggested]}) ${probable.toFixed(3)}, p(${names[labels[row]]}) ${probabilities[row][labels[row]].toFixed(3)}`,
    };
  });
}
