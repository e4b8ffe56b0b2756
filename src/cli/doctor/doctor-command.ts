import type { Command } from "commander";

import { places } from "../../base/places";
import { TsloraError } from "../../base/tslora-error";
import type { EnvironmentRow } from "../../doctor/environment-row";
import type { Notebook } from "../../notebook/format/notebook-types";
import { EXIT } from "../exit-codes";
import { wrap } from "../terminal/text-layout";
import { loadQuietly } from "../load-quietly";
import { styled, type Terminal } from "../terminal/terminal";

/** One row of the report. */
export type Finding = EnvironmentRow;

const SHOWN = { ok: "green", missing: "red", note: "yellow" } as const;

/**
 * Adds `tslora doctor`: reports what works on this machine, what is missing, and the device of a model with the reason.
 */
export function addDoctorCommand(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  program
    .command("doctor")
    .description("Report what works on this machine, what is missing, and which device a model would use and why")
    .option("--json", "print JSON for programs")
    .action(async ({ json = false }: { json?: boolean }) => {
      const findings: Finding[] = [];
      const show = (finding: Finding): void => {
        findings.push(finding);
        if (!json) terminal.out.write(`${lines(finding, terminal).join("\n")}\n`);
      };
      const { installed, root } = places();
      show({ name: installed ? "Package" : "Clone", value: root, status: "ok" });
      try {
        loadQuietly(terminal);
      } catch (error) {
        if (!(error instanceof TsloraError)) throw error; // the report shows it
      }
      const { rows, device } = await (await import("../../doctor/environment-report.js")).environmentReport();
      rows.forEach(show);
      show(await checkKernel());
      const healthy = findings.every(({ status }) => status !== "missing");
      if (json) terminal.out.write(`${JSON.stringify({ healthy, device: device ?? null, findings }, undefined, 2)}\n`);
      else
        terminal.out.write(
          `\n${
            healthy
              ? "Nothing is missing."
              : styled(
                  terminal,
                  "red",
                  `Missing or unused: ${findings
                    .filter(({ status }) => status === "missing")
                    .map(({ name }) => name)
                    .join(", ")}.`,
                )
          }\n`,
        );
      exit(healthy ? EXIT.ok : EXIT.cellFailed);
    });
}

/** A finding in its columns, with the advice below. */
function lines({ name, status, value, advice }: Finding, terminal: Terminal): string[] {
  const width = Math.max(30, (terminal.out.columns || 120) - 33);
  const indent = " ".repeat(32);
  const [first, ...rest] = wrap(value, width);
  return [
    `${styled(terminal, SHOWN[status], status.padEnd(7))}  ${name.padEnd(21)}  ${first}`,
    ...rest.map((line) => indent + line),
    ...(advice === undefined ? [] : wrap(`-> ${advice}`, width).map((line) => indent + line)),
  ];
}

/** Checks the kernel by executing a cell. */
async function checkKernel(): Promise<Finding> {
  const cell = {
    cell_type: "code",
    id: "sum",
    metadata: {},
    source: "console.log(1 + 1)",
    execution_count: null,
    outputs: [],
  } as const;
  const notebook: Notebook = { nbformat: 4, nbformat_minor: 5, metadata: {}, cells: [cell] };
  const name = "TypeScript kernel";
  const { runNotebook } = await import("../../notebook/run/run-notebook.js");
  try {
    for await (const event of runNotebook(notebook, { kernel: "tslab", cwd: places().project, timeoutMs: 60_000 })) {
      if (event.event === "end")
        return {
          name,
          status: event.summary.status === "ok" ? "ok" : "missing",
          value: `tslab executed a cell in ${(event.summary.elapsedMs / 1000).toFixed(1)} s`,
        };
    }
    return { name, status: "missing", value: "the run ended without a result" };
  } catch (error) {
    return { name, status: "missing", value: error instanceof Error ? error.message : String(error) };
  }
}
