import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";

import { Option, type Command } from "commander";

import { expandHome } from "../../base/files/expand-home";
import { outputFolder } from "../../base/files/output-folder";
import { TsloraError } from "../../base/tslora-error";
import { writeAtomically } from "../../base/files/write-atomically";
import { checkWritable } from "../../notebook/format/check-writable";
import { readNotebook } from "../../notebook/format/read-notebook";
import type { RunResult } from "../../notebook/run/run-reports";
import { collectPattern, gatherParameters, parseCount, parseNumber } from "../command-options";
import { EXIT, exitCodeOf, exitCodeOfError } from "../exit-codes";
import { expandNotebooks } from "./expand-notebooks";
import { hearInterruption } from "./interruption";
import { planRuns, type PlannedRun } from "./plan-runs";
import { runAll, type RunAllOptions } from "./run-all";
import { shortPath, summaryLines } from "./run-in-terminal";
import { addRunnerOptions, runnerOptions, type RunnerFlags } from "./runner-options";
import { styled, type Terminal } from "../terminal/terminal";

/** The options of `tslora run`, as commander reads them. */
interface RunFlags extends RunnerFlags {
  readonly outputDir: string;
  readonly cwd?: string;
  readonly jobs: number;
  readonly html?: boolean;
  readonly check?: boolean;
  readonly rtol?: number;
  readonly atol?: number;
  readonly ignore?: readonly string[];
  readonly reportJson?: string;
  readonly junit?: string;
  readonly annotations: boolean;
  readonly watch?: boolean;
  readonly inspect?: boolean;
}

/** Adds `tslora run`: executes notebooks headless. */
export function addRunCommand(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  const command = program
    .command("run")
    .description("Execute notebooks headless and save the executed copies")
    .argument(
      "<notebooks...>",
      "notebook files (.ipynb), folders of them, or quoted patterns such as 'notebooks/**/*.ipynb'",
    )
    .option(
      "-o, --output-dir <dir>",
      "folder for the executed notebooks (TSLORA_OUTPUT sets the default)",
      expandHome,
      process.env.TSLORA_OUTPUT === undefined ? "output" : outputFolder(),
    );
  addReportOptions(addCheckOptions(addRunnerOptions(command)))
    .option("--cwd <dir>", "working folder of the kernels (default: each notebook's own)", expandHome)
    .option("-j, --jobs <n>", "number of notebooks that run at once", parseCount, 1)
    .option("--watch", "run again whenever a notebook or parameter file changes")
    .option("--inspect", "list the notebooks' parameters and execute nothing")
    .action(async (notebooks: string[], flags: RunFlags) => {
      const paths = expandNotebooks(notebooks, flags.outputDir);
      if (flags.inspect === true) expectNoParameters(flags);
      exit(flags.inspect === true ? await inspect(paths, terminal) : await run(paths, flags, terminal));
    });
}

/** Refuses parameters beside --inspect, which would ignore them. */
function expectNoParameters({ param, raw, yaml, file }: RunFlags): void {
  const given = Object.entries({ "-p": param, "-r": raw, "-y": yaml, "-f": file })
    .filter(([, values]) => values !== undefined && Object.keys(values).length > 0)
    .map(([flag]) => flag);
  if (given.length > 0)
    throw new TsloraError("bad-option", `--inspect lists parameters and sets none; got ${given.join(", ")}.`);
}

function addCheckOptions(command: Command): Command {
  return command
    .option("--check", "compare the new outputs with the saved ones; a cell tagged check-ignore is left out")
    .option("--rtol <x>", "for --check: relative tolerance of numbers (default: 1e-5)", parseNumber)
    .option("--atol <x>", "for --check: absolute tolerance of numbers (default: 1e-8)", parseNumber)
    .addOption(
      new Option(
        "--ignore <regex>",
        "for --check: texts that are not compared, such as times; a regular expression of RE2",
      ).argParser(collectPattern),
    );
}

function addReportOptions(command: Command): Command {
  return command
    .option("--html", "also write an HTML page of each notebook that opens without network")
    .option("--report-json <file>", "write statuses, times and memory as JSON", expandHome)
    .option("--junit <file>", "write statuses, times and memory as JUnit XML", expandHome)
    .option(
      "--annotations",
      "print failures as annotations of GitHub Actions (default there)",
      process.env.GITHUB_ACTIONS === "true",
    );
}

async function run(notebooks: readonly string[], flags: RunFlags, terminal: Terminal): Promise<number> {
  const planned = planRuns(notebooks, flags.outputDir);
  const inPlace = planned.find(({ path, outputPath }) => resolve(path) === outputPath);
  if (flags.watch === true && inPlace !== undefined)
    throw new TsloraError(
      "bad-option",
      `${inPlace.path} would be saved in its own place, and --watch would run it again. Choose another --output-dir.`,
    );
  for (const { path } of planned) await readNotebook(path); // checks that all are readable before the first one runs
  const interruption = hearInterruption(terminal);
  const once = async (signal: AbortSignal): Promise<number> => runOnce(planned, { flags, terminal, signal });
  try {
    return flags.watch === true
      ? await (
          await import("./watch-notebooks.js")
        ).watchNotebooks([...notebooks, ...(flags.file ?? [])], { terminal, signal: interruption.signal, run: once })
      : await once(interruption.signal);
  } finally {
    interruption.release();
  }
}

async function runOnce(
  planned: readonly PlannedRun[],
  { flags, terminal, signal }: { flags: RunFlags; terminal: Terminal; signal: AbortSignal },
): Promise<number> {
  const check =
    flags.check === true
      ? { relativeTolerance: flags.rtol, absoluteTolerance: flags.atol, ignore: flags.ignore }
      : undefined;
  const options: RunAllOptions = {
    terminal,
    quiet: flags.quiet ?? false,
    jobs: flags.jobs,
    signal,
    html: flags.html ?? false,
    check,
    run: { ...(await gatherParameters(flags)), ...runnerOptions(flags), cwd: flags.cwd },
  };
  const reports = [flags.reportJson, flags.junit].filter((path) => path !== undefined);
  for (const report of reports) if (existsSync(dirname(report))) await checkWritable(report, "The report");
  const results = await runAll(planned, options);
  if (flags.reportJson !== undefined)
    await writeAtomically(flags.reportJson, (await import("../../notebook/run/run-reports.js")).jsonReport(results));
  if (flags.junit !== undefined)
    await writeAtomically(flags.junit, (await import("../../notebook/run/run-reports.js")).junitReport(results));
  if (flags.annotations) {
    const { annotationLines } = await import("./run-annotations.js");
    for (const result of results)
      for (const line of await annotationLines(result, shortPath(resolve(result.path))))
        terminal.out.write(`${line}\n`);
  }
  const summaries = results.flatMap(({ summary }) => summary ?? []);
  if (summaries.length > 0) terminal.out.write(`${summaryLines(summaries, terminal).join("\n")}\n`);
  if (check !== undefined) terminal.out.write(`${checkLine(results)}\n`);
  return results.map(resultCode).find((code) => code !== EXIT.ok) ?? (signal.aborted ? EXIT.interrupted : EXIT.ok);
}

function resultCode({ summary, error, differences = [] }: RunResult): number {
  if (summary !== undefined && summary.status !== "ok") return exitCodeOf(summary.status);
  if (error !== undefined) return exitCodeOfError(error);
  return differences.length > 0 ? EXIT.outputsDiffer : EXIT.ok;
}

function checkLine(results: readonly RunResult[]): string {
  const cells = results.reduce((sum, { differences = [] }) => sum + new Set(differences.map(({ id }) => id)).size, 0);
  return cells === 0
    ? "outputs: as saved"
    : `outputs: ${cells} ${cells === 1 ? "cell differs" : "cells differ"} from what was saved`;
}

async function inspect(notebooks: readonly string[], terminal: Terminal): Promise<number> {
  const { readParameters } = await import("../../notebook/parameters/read-parameters.js");
  for (const path of notebooks) {
    const parameters = readParameters(await readNotebook(path), { path });
    terminal.out.write(`${styled(terminal, "bold", path)}${parameters.length === 0 ? ": no parameters" : ""}\n`);
    for (const { name, type, default: value, comment } of parameters) {
      const note = comment === "" ? "" : styled(terminal, "dim", `  // ${comment}`);
      terminal.out.write(`  ${styled(terminal, "bold", name)}: ${type.replace(/\s+/g, " ")} = ${value}${note}\n`);
    }
  }
  return EXIT.ok;
}
