import { join } from "node:path";
import { parseArgs } from "node:util";

import { projectRoot } from "../../src/base/project-root";
import { writeAtomically } from "../../src/base/files/write-atomically";
import { duration, processTerminal, table } from "../../src/cli/terminal/terminal";
import { chooseOnly, readSeed, runMain, wholeNumber } from "../base/run-main";
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
  const seed = readSeed(values.seed);
  const cases = wholeNumber("cases", values.cases);
  if (cases < 1) throw new RangeError(`--cases must be 1 or more; got ${cases}. See --help.`);
  const only = values.case === undefined ? undefined : wholeNumber("case", values.case);
  const names = targets.map(({ name }) => name);
  const chosen = chooseOnly(names, values.only, (name, word) => name === word);

  const terminal = processTerminal();
  console.log(`Fuzzing, seed ${seed}: ${chosen.join(", ")}`);
  const rows: string[][] = [["input", "cases", "refused", "accepted", "findings", "time"]];
  const findings: Finding[] = [];
  for (const [index, name] of chosen.entries()) {
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

runMain(main);
