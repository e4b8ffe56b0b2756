import type { AuditResult } from "./audit-result";
import { ISSUE_COLUMNS } from "./issues-frame";

/** The table of issues as CSV (RFC 4180), without texts. */
export function auditCsv({ issues }: Pick<AuditResult, "issues">): string {
  const rows = issues.map((issue) => ISSUE_COLUMNS.map((name) => quoted(String(issue[name] ?? ""))).join(","));
  return `${[ISSUE_COLUMNS.join(","), ...rows].join("\r\n")}\r\n`;
}

/** The summary, the issues and the group of each row as JSON, without texts. */
export function auditJson({ summary, issues, groups }: Pick<AuditResult, "summary" | "issues" | "groups">): string {
  return `${JSON.stringify({ summary, issues, groups }, undefined, 2)}\n`;
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
