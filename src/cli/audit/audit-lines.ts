import type { AuditIssue, AuditResult } from "../../audit/audit-result";
import { auditTable } from "../../figures/tables/audit-table";
import { tableText } from "../../figures/tables/table-text";
import { fitText, widthOf } from "../terminal/fit-text";
import { table, type Terminal } from "../terminal/terminal";
import { grouped } from "../terminal/text-layout";

const SHOWN = 20; // issues in the terminal; --output has all

/** The report of an audit: its summary, and the most severe issues. */
export function auditLines({ summary, issues }: AuditResult, terminal: Terminal): string[] {
  const lines = fitText(tableText(auditTable(summary)), widthOf(terminal.out)).split("\n");
  if (issues.length === 0) return lines;
  const shown = [...issues].sort((a, b) => rank(a) - rank(b)).slice(0, SHOWN);
  const rows = shown.map(({ ID, part, reason, other, evidence }) => [
    part === undefined ? ID : `${ID} (${part})`,
    reason,
    other ?? "",
    evidence,
  ]);
  return [
    ...lines,
    "",
    `The most severe ${shown.length === issues.length ? "issues" : `${shown.length} of ${grouped(issues.length)} issues`}:`,
    ...table([["ID", "reason", "other", "evidence"], ...rows], { left: 4 }),
  ];
}

function rank({ severity, score }: AuditIssue): number {
  return { high: 0, medium: 2, low: 4 }[severity] + (score ?? 1);
}
