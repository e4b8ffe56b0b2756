import { join } from "node:path";
import { parseArgs } from "node:util";

import { projectRoot } from "../../src/base/project-root";
import { writeAtomically } from "../../src/base/files/write-atomically";
import { duration, processTerminal, table } from "../../src/cli/terminal/terminal";
import type { Finding } from "./fuzz-target";
import { HELP, OPTIONS } from "./run-options.cjs";
import { runTarget } from "./run-target";
import { targets } from "./targets";

/** Runs the fuzzer and prints a table of how the cases ended, and every finding. */
async function main(): Promise<number> {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
  const cases = Number(values.cases);
  const only = values.case === undefined ? undefined : Number(values.case);
  const chosen = targets.filter(({ name }) => values.only.length === 0 || values.only.includes(name));
  if (
    !Number.isInteger(seed) ||
    !Number.isInteger(cases) ||
    cases < 1 ||
    (only !== undefined && !Number.isInteger(only)) ||
    chosen.length === 0
  ) {
    console.error(
      `--seed, --cases and --case must be whole numbers, and --only one of ${targets.map(({ name }) => name).join(", ")}.\n\n${HELP}`,
    );
    return 2;
  }

  const terminal = processTerminal();
  console.log(`Fuzzing, seed ${seed}: ${chosen.map(({ name }) => name).join(", ")}`);
  const rows: string[][] = [["input", "cases", "refused", "accepted", "findings", "time"]];
  const findings: Finding[] = [];
  for (const [index, { name }] of chosen.entries()) {
    const count = Math.floor(cases / chosen.length) + (index < cases % chosen.length ? 1 : 0);
    const started = performance.now();
    const numbers = only === undefined ? Array.from({ length: count }, (_, i) => i) : [only];
    const result = await runTarget(name, {
      seed,
      cases: numbers,
      onCase: (done) => terminal.err.isTTY === true && process.stderr.write(`\r${name}: ${done} of ${numbers.length} `),
    });
    if (terminal.err.isTTY === true) process.stderr.write("\r\u001b[K");
    findings.push(...result.findings);
    rows.push([
      name,
      String(numbers.length),
      String(result.refused),
      String(result.accepted),
      String(result.findings.length),
      duration(performance.now() - started),
    ]);
    for (const finding of result.findings)
      console.log(
        `${name}, case ${finding.case}: ${finding.kind}\n  ${finding.changes.join("; ")}\n  ${finding.detail.split("\n").slice(0, 6).join("\n  ")}`,
      );
  }
  console.log(`\n${table(rows, { left: 1 }).join("\n")}`);
  await writeAtomically(
    join(projectRoot(), "output", "fuzz.json"),
    `${JSON.stringify({ seed, cases, node: process.version, findings }, undefined, 2)}\n`,
  );
  console.log(`\n${findings.length} findings (seed ${seed}); the report is output/fuzz.json`);
  return findings.length === 0 ? 0 : 1;
}

void main().then((code) => (process.exitCode = code));
