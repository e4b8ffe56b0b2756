import { XMLBuilder } from "fast-xml-parser";

import { stripAnsi } from "./ansi";
import type { CellReport, RunSummary } from "./run-events";

/** Runs as JSON for programs: statuses, times in seconds, and for a failure its name, message and stack. */
export function jsonReport(summaries: readonly RunSummary[]): string {
  const runs = summaries.map(({ path, outputPath, kernel, status, startedAt, elapsedMs, cells }) => ({
    notebook: path,
    output: outputPath ?? null,
    kernel,
    status,
    started: startedAt,
    duration: seconds(elapsedMs),
    cells: cells.map((cell) => ({ number: cell.number, id: cell.id, status: cell.outcome.status, duration: seconds(cell.elapsedMs), ...details(cell) })),
  }));
  return `${JSON.stringify({ runs }, null, 2)}\n`;
}

/** Runs as JUnit XML: a test suite for each notebook, a test case for each code cell. */
export function junitReport(summaries: readonly RunSummary[]): string {
  const builder = new XMLBuilder({ ignoreAttributes: false, format: true, suppressEmptyNode: true });
  const testsuite = summaries.map(({ path, cells, startedAt, elapsedMs }) => ({
    "@_name": path,
    "@_tests": cells.length,
    "@_failures": cells.filter(({ outcome }) => outcome.status === "error").length,
    "@_errors": cells.filter(({ outcome }) => ["timeout", "dead", "aborted"].includes(outcome.status)).length,
    "@_skipped": cells.filter(({ outcome }) => outcome.status === "skipped").length,
    "@_timestamp": startedAt,
    "@_time": seconds(elapsedMs),
    testcase: cells.map((cell) => ({ "@_classname": path, "@_name": xmlText(`cell ${cell.number}: ${firstLine(cell.source)}`), "@_time": seconds(cell.elapsedMs), ...verdict(cell) })),
  }));
  return `<?xml version="1.0" encoding="UTF-8"?>\n${builder.build({ testsuites: { testsuite } })}`;
}

function verdict({ outcome }: CellReport): object {
  if (outcome.status === "ok") return {};
  if (outcome.status === "skipped") return { skipped: { "@_message": outcome.reason } };
  const { ename, evalue, traceback } = outcome.error;
  const said = { "@_type": ename, "@_message": xmlText(evalue), "#text": xmlText(traceback.join("\n")) };
  return outcome.status === "error" ? { failure: said } : { error: said };
}

function details({ outcome }: CellReport): object {
  if (outcome.status === "skipped") return { reason: outcome.reason };
  if (outcome.status === "ok") return {};
  const { ename, evalue, traceback } = outcome.error;
  return { error: { name: ename, message: evalue, traceback: traceback.map(stripAnsi) } };
}

/** The first line of code that is not blank. */
export function firstLine(source: string): string {
  return source.split("\n").find((line) => line.trim() !== "")?.trim() ?? "";
}

/** What XML 1.0 can hold of a text. */
function xmlText(text: string): string {
  // eslint-disable-next-line no-control-regex -- XML has no way to write these characters
  return stripAnsi(text).replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "");
}

function seconds(ms: number): number {
  return Math.round(ms) / 1000;
}
