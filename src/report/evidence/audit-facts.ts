import { audit } from "../../audit/audit";
import { SEVERITY_RANK } from "../../audit/audit-defaults";
import type { AuditResult } from "../../audit/audit-result";
import { readFrame } from "../../corpus/read-frame";
import type { StudyParts } from "./data-facts";
import type { AuditFacts } from "./evidence";

/** The report keeps at most so many issues. */
const KEPT = 1000;

/**
 * Audits all parts. Labels are judged by a TF-IDF baseline in folds that was not trained on the text, unless a label
 * has fewer than two texts.
 */
export async function auditParts(
  { train, validation, test }: StudyParts,
  { labels, signal }: { readonly labels: readonly string[]; readonly signal?: AbortSignal },
): Promise<AuditResult> {
  const given = [train, validation, test].flatMap((part) => readFrame(part).label);
  const judged = labels.every((_, label) => given.filter((one) => one === label).length >= 2);
  return audit(
    { train, validation, test },
    { labels, checks: judged ? ["labels", "duplicates", "texts"] : ["duplicates", "texts"], signal },
  );
}

/** The facts of an audit: its summary and the most severe issues, by ID. */
export function auditFacts({ summary, issues }: AuditResult): AuditFacts {
  const sorted = [...issues].sort((a, b) => SEVERITY_RANK[a.severity] - SEVERITY_RANK[b.severity] || a.row - b.row);
  return {
    summary,
    found: issues.length,
    issues: sorted.slice(0, KEPT).map(({ ID, part, reason, severity, label, suggested, other }) => ({
      ID,
      ...(part === undefined ? {} : { part }),
      reason,
      severity,
      ...(label === undefined ? {} : { label }),
      ...(suggested === undefined ? {} : { suggested }),
      ...(other === undefined ? {} : { other }),
    })),
  };
}
