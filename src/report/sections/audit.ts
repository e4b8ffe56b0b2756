import { formatNumber, formatShare } from "../../figures/format";
import type { AuditedText } from "../evidence/evidence";
import { auditCommand } from "../facts/study-commands";
import type { StudyFacts } from "../facts/study-facts";
import { missing, type PageSection } from "../page/page-section";
import type { ReportTable } from "../report-section";

/** The findings of the audit, by reason, and the most severe issues by ID. */
export function auditSection({ audit, subject, settings }: StudyFacts): PageSection {
  const place = { id: "audit", title: "Audit of the data" };
  if (audit === undefined)
    return { ...place, content: missing("an audit of the data", auditCommand({ ...subject, settings })) };
  const { summary, issues, found } = audit;
  const { texts, textsWithIssues, imbalance, groups, probabilities } = summary;
  const judged = summary.checks.includes("labels")
    ? `Labels were judged by probabilities: ${probabilities}.`
    : "Labels were not judged, since a label has fewer than two texts.";
  const balance =
    imbalance === null ? "" : ` The largest class has ${formatNumber(imbalance, 1)} times the smallest one's texts.`;
  return {
    ...place,
    content: [
      {
        kind: "paragraph",
        text: `The audit checks all parts for labels that are probably wrong (confident learning), duplicates within and across parts, and empty or odd texts. ${judged}${balance} Groups of similar texts: ${formatNumber(groups)}. Nothing was removed or changed for it: an issue is a reason to look, not an error.`,
      },
      {
        kind: "table",
        id: "audit-reasons",
        caption: `Issues: ${formatNumber(textsWithIssues)} of ${formatNumber(texts)} texts have one or more`,
        columns: [
          { name: "Reason" },
          { name: "Severity" },
          { name: "Texts", align: "right" },
          { name: "Share", align: "right" },
        ],
        rows:
          summary.reasons.length === 0
            ? [["none", "", 0, formatShare(0)]]
            : summary.reasons.map(({ reason, severity, count }) => [
                reason,
                severity,
                count,
                formatShare(count / texts),
              ]),
      },
      ...(issues.length === 0 ? [] : [issueTable(issues, found)]),
    ],
  };
}

function issueTable(issues: readonly AuditedText[], found: number): ReportTable {
  const listed = formatNumber(issues.length);
  const columns = ["ID", "Part", "Reason", "Severity", "Label", "Suggested label", "Other text"];
  return {
    kind: "table",
    id: "audit-issues",
    caption: `The issues by ID${issues.length < found ? `: the first ${listed} of ${formatNumber(found)}` : ` (${listed})`}`,
    folded: true,
    columns: columns.map((name) => ({ name })),
    rows: issues.map(({ ID, part, reason, severity, label, suggested, other }) => [
      ID,
      part ?? null,
      reason,
      severity,
      label ?? null,
      suggested ?? null,
      other ?? null,
    ]),
  };
}
