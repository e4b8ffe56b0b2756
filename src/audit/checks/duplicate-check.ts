import type { AuditedTexts } from "../audited-texts";
import type { SimilarPair } from "../duplicates/earliest-pairs";
import type { FoundIssue } from "./found-issue";

/**
 * Issues of similar pairs. The first text of each group has no issue, so that one text of each group stays.
 *
 * @param what - `words` for word shingles, `embeddings` for embeddings
 */
export function checkPairs(
  pairs: readonly SimilarPair[],
  { labels, names, parts }: AuditedTexts,
  what: "words" | "embeddings",
): FoundIssue[] {
  return pairs.flatMap(({ first, second, similarity }) => {
    const [row, otherRow] = rowsOf({ first, second }, parts?.of);
    const found = { row, otherRow, score: similarity };
    const measure = `${what === "words" ? "Jaccard" : "cosine"} ${similarity.toFixed(3)}`;
    const issues: FoundIssue[] = [
      {
        ...found,
        reason: what === "embeddings" ? "similar-embedding" : similarity === 1 ? "duplicate" : "near-duplicate",
        severity: what === "embeddings" ? "low" : "medium",
        evidence: measure,
      },
    ];
    if (what === "embeddings") return issues;
    if (parts !== undefined && parts.of[row] !== parts.of[otherRow])
      issues.push({
        ...found,
        reason: "duplicate-across-parts",
        severity: "high",
        evidence: `${measure}, in ${parts.names[parts.of[otherRow]]} too`,
      });
    if (labels !== undefined && labels[row] !== labels[otherRow])
      issues.push({
        ...found,
        reason: "duplicate-other-label",
        severity: "high",
        evidence: `${measure}; the other's label is ${names[labels[otherRow]]}`,
      });
    return issues;
  });
}

/** The row to list and the other one. The row of the later part is listed; within one part, the later row. */
function rowsOf(
  { first, second }: Pick<SimilarPair, "first" | "second">,
  parts: readonly number[] | undefined,
): [row: number, other: number] {
  return parts !== undefined && parts[first] > parts[second] ? [first, second] : [second, first];
}
