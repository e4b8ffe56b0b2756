import type * as XmlModule from "fast-xml-parser";

import { stripAnsi } from "../page/ansi";
import type { OutputDifference } from "../check/compare-outputs";
import type { CellReport, RunSummary } from "./run-events";

/** The result of running one notebook. */
export interface RunResult {
  readonly path: string;
  /** Missing for a run that was not started, or was aborted. */
  readonly summary?: RunSummary;
  /** Why it was not run, or not saved. */
  readonly error?: Error;
  /** Differences from the saved notebook's outputs, if they were compared. */
  readonly differences?: readonly OutputDifference[];
}

/** Runs as JSON for programs: statuses, times in seconds, memory in bytes, and name, message and stack of failures. */
export function jsonReport(results: readonly RunResult[]): string {
  const runs = results.map(({ path, summary, error, differences }) => ({
    notebook: path,
    ...(summary === undefined
      ? { status: "not-run" }
      : {
          output: summary.outputPath ?? null,
          kernel: summary.kernel,
          status: summary.status,
          started: summary.startedAt,
          duration: seconds(summary.elapsedMs),
        }),
    ...(error !== undefined && { error: error.message }),
    ...(differences !== undefined && { differences }),
    cells: (summary?.cells ?? []).map((cell) => ({
      number: cell.number,
      id: cell.id,
      status: cell.outcome.status,
      duration: seconds(cell.elapsedMs),
      ...(cell.memory !== undefined && { memory: cell.memory }),
      ...(cell.rest !== undefined && { rest: cell.rest }),
      ...details(cell),
    })),
  }));
  return `${JSON.stringify({ runs }, null, 2)}\n`;
}

/**
 * Runs as JUnit XML: a test suite for each notebook and a test case for each code cell, with the kernel process's peak
 * memory as a property. A notebook that was not run is a suite with one error.
 */
export function junitReport(results: readonly RunResult[]): string {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- few runs need it, and it is slow to load
  const { XMLBuilder } = require("fast-xml-parser") as typeof XmlModule;
  const builder = new XMLBuilder({ ignoreAttributes: false, format: true, suppressEmptyNode: true });
  const testsuite = results.map((result) => {
    const { path, summary } = result;
    const cases = [
      ...(summary?.cells ?? []).map((cell) => testCase(cell, result)),
      ...(result.error === undefined ? [] : [notRun(path, result.error)]),
    ];
    const count = (kind: "failure" | "error" | "skipped"): number => cases.filter((each) => kind in each).length;
    return {
      "@_name": xmlText(path),
      "@_tests": cases.length,
      "@_failures": count("failure"),
      "@_errors": count("error"),
      "@_skipped": count("skipped"),
      ...(summary !== undefined && { "@_timestamp": summary.startedAt, "@_time": seconds(summary.elapsedMs) }),
      testcase: cases,
    };
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n${builder.build({ testsuites: { testsuite } })}`;
}

function testCase(cell: CellReport, { path, differences = [] }: RunResult): object {
  const memory =
    cell.memory === undefined
      ? {}
      : {
          properties: {
            property: [
              { "@_name": "memory-peak-bytes", "@_value": cell.memory.peak },
              { "@_name": "memory-end-bytes", "@_value": cell.memory.end },
            ],
          },
        };
  const own = differences.filter(({ number }) => number === cell.number);
  return {
    "@_classname": xmlText(path),
    "@_name": xmlText(`cell ${cell.number}: ${firstLine(cell.source)}`),
    "@_time": seconds(cell.elapsedMs),
    ...memory,
    ...verdict(cell, own),
  };
}

function notRun(path: string, error: Error): object {
  return {
    "@_classname": xmlText(path),
    "@_name": "the run itself",
    error: { "@_type": xmlText(error.name), "@_message": xmlText(error.message) },
  };
}

function verdict({ outcome }: CellReport, differences: readonly OutputDifference[]): object {
  if (outcome.status === "ok" && differences.length > 0) {
    const lines = differences.map(differenceText);
    return {
      failure: { "@_type": "OutputsDiffer", "@_message": xmlText(lines[0]), "#text": xmlText(lines.join("\n")) },
    };
  }
  if (outcome.status === "ok") return {};
  if (outcome.status === "skipped") return { skipped: { "@_message": outcome.reason } };
  const { ename, evalue, traceback } = outcome.error;
  const details = { "@_type": xmlText(ename), "@_message": xmlText(evalue), "#text": xmlText(traceback.join("\n")) };
  return outcome.status === "error" ? { failure: details } : { error: details };
}

/** A difference in one line. */
export function differenceText({ what, expected, found }: OutputDifference): string {
  return `${what}: expected ${expected}, found ${found}`;
}

function details({ outcome }: CellReport): object {
  if (outcome.status === "skipped") return { reason: outcome.reason };
  if (outcome.status === "ok") return {};
  const { ename, evalue, traceback } = outcome.error;
  return { error: { name: ename, message: evalue, traceback: traceback.map(stripAnsi) } };
}

/** The first line of code that is not blank. */
export function firstLine(source: string): string {
  return (
    source
      .split("\n")
      .find((line) => line.trim() !== "")
      ?.trim() ?? ""
  );
}

// eslint-disable-next-line no-control-regex -- XML has no way to write these characters
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Leaves out the characters that XML 1.0 cannot hold. */
function xmlText(text: string): string {
  return stripAnsi(text).replace(CONTROL, "").replace(LONE_SURROGATE, "");
}

function seconds(ms: number): number {
  return Math.round(ms) / 1000;
}
