import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { writeAtomically } from "../../src/base/files/write-atomically";
import { projectRoot } from "../../src/base/project-root";
import { HELP, OPTIONS } from "./bulk-options.cjs";
import { measureMemory, predictGenerated } from "./bulk/memory-curve";
import { measureRates } from "./bulk/rates";
import { describeMachine, loadPerCore, machineSentence } from "./machine";

async function main(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) return console.log(HELP);
  const { train, ...counts } = values;
  const [rounds, texts, trained, drawn, most] = [counts.rounds, counts.texts, train, counts.drawn, counts.most].map(
    Number,
  );
  if (![rounds, texts, trained, drawn, most].every((n) => Number.isInteger(n) && n > 0)) throw new RangeError(HELP);
  if (values.child !== undefined) return predictGenerated(values.child);
  const lines: string[] = [];
  const note = (line: string): void => {
    lines.push(line);
    console.log(line);
  };
  note(`Machine: ${machineSentence(describeMachine())}.`);
  note(`Begun ${new Date().toISOString()}; load average a core ${loadPerCore().toFixed(2)}.`);
  const folder = await mkdtemp(join(tmpdir(), "tslora-bench-bulk-"));
  try {
    const measured = values.memory
      ? await measureMemory({ folder, most, note })
      : await measureRates({ folder, rounds, texts, trained, drawn, note });
    const name = values.memory ? "bulk-memory.json" : "bulk.json";
    await writeAtomically(
      join(projectRoot(), "output", "bench", name),
      `${JSON.stringify({ date: new Date().toISOString(), lines, ...measured }, undefined, 2)}\n`,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
