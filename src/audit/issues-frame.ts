import type { DataFrame } from "danfojs-node";

import { loadDanfojs } from "../corpus/load-danfojs";
import type { AuditIssue } from "./audit-result";

/** Columns of the table of issues, in order. */
export const ISSUE_COLUMNS = [
  "ID",
  "part",
  "row",
  "reason",
  "severity",
  "score",
  "label",
  "suggested",
  "other",
  "evidence",
] as const;

/** Issues as a danfojs frame. A missing value is an empty text, a missing score NaN. */
export function issuesFrame(issues: readonly AuditIssue[]): DataFrame {
  const { DataFrame } = loadDanfojs();
  const columns = ISSUE_COLUMNS.map((name) => [name, issues.map((issue) => cell(issue, name))] as const);
  const dtypes = ISSUE_COLUMNS.map((name) => (name === "row" ? "int32" : name === "score" ? "float32" : "string"));
  // danfojs refuses columns without rows
  if (issues.length === 0) return new DataFrame([], { columns: [...ISSUE_COLUMNS], dtypes });
  return new DataFrame(Object.fromEntries(columns), { dtypes });
}

function cell(issue: AuditIssue, name: (typeof ISSUE_COLUMNS)[number]): string | number {
  return issue[name] ?? (name === "score" ? NaN : "");
}
