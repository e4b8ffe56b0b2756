import type { Command } from "commander";

import { projectRoot } from "../base/project-root";
import { environmentReport } from "../device/environment-report";
import { runNotebook } from "../notebook/run-notebook";
import type { Notebook } from "../notebook/notebook-types";
import { EXIT } from "./exit-codes";
import { styled, type Terminal } from "./terminal";

/** One thing that was looked at. */
export interface Finding {
  readonly name: string;
  readonly ok: boolean;
  readonly says: string;
}

/** What the doctor looks at, in order. */
const CHECKS: readonly (() => Promise<readonly Finding[]>)[] = [
  async () => [{ name: "Clone", ok: true, says: projectRoot() }],
  async () => (await environmentReport()).rows.map(({ name, value, status, advice }) => ({ name, ok: status !== "missing", says: advice === undefined ? value : `${value}; ${advice}` })),
  async () => [await checkKernel()],
];

/** Adds `tslora doctor`: says what works on this machine and what does not. */
export function addDoctorCommand(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  program
    .command("doctor")
    .description("Say what works on this machine and what is missing")
    .action(async () => {
      let healthy = true;
      for (const check of CHECKS) {
        for (const { name, ok, says } of await check()) {
          healthy &&= ok;
          terminal.out.write(`${ok ? styled(terminal, "green", "ok     ") : styled(terminal, "red", "missing")}  ${name}: ${says}\n`);
        }
      }
      exit(healthy ? EXIT.ok : EXIT.cellFailed);
    });
}

/** A kernel that starts and computes is the only proof that it can. */
async function checkKernel(): Promise<Finding> {
  const cell = { cell_type: "code", id: "sum", metadata: {}, source: "console.log(1 + 1)", execution_count: null, outputs: [] } as const;
  const notebook: Notebook = { nbformat: 4, nbformat_minor: 5, metadata: {}, cells: [cell] };
  const name = "TypeScript kernel";
  try {
    for await (const event of runNotebook(notebook, { kernel: "tslab", cwd: projectRoot(), timeoutMs: 60_000 })) {
      if (event.event === "end") return { name, ok: event.summary.status === "ok", says: `tslab executed a cell in ${(event.summary.elapsedMs / 1000).toFixed(1)} s` };
    }
    return { name, ok: false, says: "the run ended without a result" };
  } catch (error) {
    return { name, ok: false, says: error instanceof Error ? error.message : String(error) };
  }
}
