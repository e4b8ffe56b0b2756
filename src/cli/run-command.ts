import { basename, join, resolve } from "node:path";

import { Option, type Command } from "commander";

import { Problems } from "../base/problems";
import { writeAtomically } from "../base/write-atomically";
import { notebookPage } from "../notebook/notebook-page";
import { readNotebook } from "../notebook/read-notebook";
import { readParameters } from "../notebook/read-parameters";
import type { RunSummary } from "../notebook/run-events";
import { jsonReport, junitReport } from "../notebook/run-reports";
import { collectParameter, parseDuration, readParameterFile } from "./command-options";
import { EXIT, exitCodeOf, exitCodeOfError } from "./exit-codes";
import { hearInterruption } from "./interruption";
import { runInTerminal, shortPath, summaryLines } from "./run-in-terminal";
import { styled, type Terminal } from "./terminal";

/** The options of `tslora run`, as commander reads them. */
interface RunFlags {
  readonly outputDir: string;
  readonly kernel?: string;
  readonly param?: Readonly<Record<string, string>>;
  readonly file?: string;
  readonly cellTimeout?: number;
  readonly timeout?: number;
  readonly quiet?: boolean;
  readonly allowErrors?: boolean;
  readonly html?: boolean;
  readonly reportJson?: string;
  readonly junit?: string;
  readonly inspect?: boolean;
}

/** Adds `tslora run`: executes notebooks headless. */
export function addRunCommand(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  program
    .command("run")
    .description("Execute notebooks headless and save the executed copies")
    .argument("<notebooks...>", "notebook files (.ipynb)")
    .option("-o, --output-dir <dir>", "folder for the executed notebooks", "output")
    .option("-k, --kernel <name>", "kernel to use (default: the notebook's own)")
    .addOption(parameterOption())
    .option("-f, --file <json>", "parameters from a JSON file")
    .option("--cell-timeout <time>", "limit for each cell: seconds, or 90s, 15m, 2h", parseDuration)
    .option("--timeout <time>", "limit for each notebook", parseDuration)
    .option("-q, --quiet", "print failures and the summary alone")
    .option("--allow-errors", "go on after a failed cell; the exit code still tells of it")
    .option("--html", "also write an HTML page of each notebook that opens without network")
    .option("--report-json <file>", "write statuses and times as JSON")
    .option("--junit <file>", "write statuses and times as JUnit XML")
    .option("--inspect", "list the notebooks' parameters and execute nothing")
    .action(async (notebooks: string[], flags: RunFlags) => exit(flags.inspect === true ? await inspect(notebooks, terminal) : await run(notebooks, flags, terminal)));
}

/** `-p name=value`, as often as wanted. */
export function parameterOption(): Option {
  return new Option("-p, --param <name=value>", "value for a parameter; may be given several times").argParser(collectParameter);
}

async function run(notebooks: readonly string[], flags: RunFlags, terminal: Terminal): Promise<number> {
  const outputs = outputPaths(notebooks, flags.outputDir);
  for (const path of notebooks) await readNotebook(path); // all are known to be readable before the first one runs
  const parameters = { ...(flags.file !== undefined && (await readParameterFile(flags.file))), ...flags.param };
  const interruption = hearInterruption(terminal);
  const summaries: RunSummary[] = [];
  const codes: number[] = [];
  for (const [index, path] of notebooks.entries()) {
    if (interruption.signal.aborted) break;
    try {
      const summary = await runInTerminal(path, {
        terminal,
        quiet: flags.quiet ?? false,
        outputPath: outputs[index],
        kernel: flags.kernel,
        parameters,
        onError: flags.allowErrors === true ? "continue" : "stop",
        cellTimeoutMs: flags.cellTimeout,
        timeoutMs: flags.timeout,
        signal: interruption.signal,
      });
      summaries.push(summary);
      codes.push(exitCodeOf(summary.status));
      if (flags.html === true) await writeAtomically(outputs[index].replace(/\.ipynb$/, ".html"), await notebookPage([{ name: basename(path), notebook: summary.notebook }]));
    } catch (error) {
      codes.push(exitCodeOfError(error)); // the other notebooks are run all the same
      terminal.err.write(`${styled(terminal, "red", error instanceof Error ? error.message : String(error))}\n`);
    }
  }
  interruption.release();
  if (flags.reportJson !== undefined) await writeAtomically(flags.reportJson, jsonReport(summaries));
  if (flags.junit !== undefined) await writeAtomically(flags.junit, junitReport(summaries));
  if (summaries.length > 0) terminal.out.write(`${summaryLines(summaries, terminal).join("\n")}\n`);
  return codes.find((code) => code !== EXIT.ok) ?? EXIT.ok;
}

function outputPaths(notebooks: readonly string[], folder: string): string[] {
  const problems = new Problems("tslora run");
  const paths = notebooks.map((path) => resolve(join(folder, basename(path).replace(/(\.ipynb)?$/, ".ipynb"))));
  paths.forEach((path, index) => problems.expect(paths.indexOf(path) === index, `${notebooks[index]} and ${notebooks[paths.indexOf(path)]} would both be saved as ${shortPath(path)}; run them with different --output-dir`));
  problems.throwIfAny();
  return paths;
}

async function inspect(notebooks: readonly string[], terminal: Terminal): Promise<number> {
  for (const path of notebooks) {
    const parameters = readParameters(await readNotebook(path), { path });
    terminal.out.write(`${styled(terminal, "bold", path)}${parameters.length === 0 ? ": no parameters" : ""}\n`);
    for (const { name, type, default: value, comment } of parameters) {
      terminal.out.write(`  ${styled(terminal, "bold", name)}: ${type.replace(/\s+/g, " ")} = ${value}${comment === "" ? "" : styled(terminal, "dim", `  // ${comment}`)}\n`);
    }
  }
  return EXIT.ok;
}

