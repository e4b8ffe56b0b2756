import type { AuditIssue, AuditReason, AuditSeverity, AuditSummary } from "./audit-result";
import type { AuditedTexts } from "./audited-texts";

const SEVERITIES: readonly AuditSeverity[] = ["high", "medium", "low"];

/** An audit in numbers. */
export function summarize(
  { texts, labels, names, parts }: AuditedTexts,
  issues: readonly AuditIssue[],
  rest: Pick<AuditSummary, "groups" | "checks" | "probabilities">,
): AuditSummary {
  const counts = names.map((_, label) => labels?.reduce((sum, one) => sum + Number(one === label), 0) ?? 0);
  const classes =
    labels === undefined
      ? []
      : names.map((name, label) => ({ label, name, count: counts[label], share: counts[label] / texts.length }));
  return {
    texts: texts.length,
    textsWithIssues: new Set(issues.map(({ row }) => row)).size,
    ...(parts === undefined
      ? {}
      : {
          parts: Object.fromEntries(
            parts.names.map((name, part) => [name, parts.of.filter((one) => one === part).length]),
          ),
        }),
    reasons: countReasons(issues),
    classes,
    imbalance: classes.length === 0 ? null : Math.max(...counts) / Math.max(1, Math.min(...counts)),
    ...rest,
  };
}

/** Number of texts for each reason; a reason with several severities has one line for each. */
function countReasons(issues: readonly AuditIssue[]): AuditSummary["reasons"] {
  const rows = new Map<string, { reason: AuditReason; severity: AuditSeverity; rows: Set<number> }>();
  for (const { reason, severity, row } of issues) {
    const key = `${severity} ${reason}`;
    const known = rows.get(key) ?? { reason, severity, rows: new Set() };
    known.rows.add(row);
    rows.set(key, known);
  }
  return [...rows.values()]
    .map(({ reason, severity, rows: { size } }) => ({ reason, severity, count: size }))
    .sort(
      (a, b) =>
        SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
        b.count - a.count ||
        (a.reason < b.reason ? -1 : 1),
    );
}
