import type { AuditedTexts } from "../audited-texts";
import { Clusters } from "../duplicates/clusters";
import type { SimilarPair } from "../duplicates/earliest-pairs";
import type { FoundIssue } from "./found-issue";

/** Texts whose group has texts in an earlier part. */
export function checkGroups({ groups, parts }: AuditedTexts): FoundIssue[] {
  if (groups === undefined || parts === undefined) return [];
  const firstOf = new Map<string | number, number>();
  return groups.flatMap((group, row): FoundIssue[] => {
    const first = firstOf.get(group);
    if (first === undefined) {
      firstOf.set(group, row);
      return [];
    }
    if (parts.of[first] === parts.of[row]) return [];
    const evidence = `group ${String(group)} is in ${parts.names[parts.of[first]]} too`;
    return [{ row, otherRow: first, reason: "group-across-parts", severity: "high", evidence }];
  });
}

/** The group of each row, numbered in the order of the rows. Rows with similar texts, or equal groups, share one. */
export function groupRows(
  { texts, groups }: AuditedTexts,
  pairs: readonly SimilarPair[],
): { of: number[]; several: number } {
  const clusters = new Clusters(texts.length);
  for (const { first, second } of pairs) clusters.join(first, second);
  if (groups !== undefined) {
    const firstOf = new Map<string | number, number>();
    groups.forEach((group, row) => {
      const first = firstOf.get(group);
      if (first === undefined) firstOf.set(group, row);
      else clusters.join(first, row);
    });
  }
  const numberOf = new Map<number, number>();
  const of = texts.map((_, row) => {
    const first = clusters.find(row);
    const known = numberOf.get(first) ?? numberOf.size;
    numberOf.set(first, known);
    return known;
  });
  return { of, several: clusters.groups().length };
}
