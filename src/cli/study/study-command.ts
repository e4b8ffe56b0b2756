import { existsSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";

import { Option, type Command } from "commander";

import { expandHome } from "../../base/files/expand-home";
import { lockFolder } from "../../base/lock/lock-output";
import { outputFolder } from "../../base/files/output-folder";
import { Problems } from "../../base/problems";
import { projectRoot } from "../../base/project-root";
import { readNotebook } from "../../notebook/format/read-notebook";
import type { ParameterInput } from "../../notebook/parameters/inject-parameters";
import { readParameters } from "../../notebook/parameters/read-parameters";
import type { RunSummary } from "../../notebook/run/run-events";
import { REPORT_FILES } from "../../report/write-report";
import type { StudyResults } from "../../report/study-results";
import { gatherParameters } from "../command-options";
import { exitCodeOf } from "../exit-codes";
import { fitText, widthOf } from "../terminal/fit-text";
import { hearInterruption } from "../run/interruption";
import { runInTerminal, shortPath, summaryLines } from "../run/run-in-terminal";
import { addRunnerOptions, runnerOptions, type RunnerFlags } from "../run/runner-options";
import { findAdapters, resultLines } from "./study-results";
import { NOTEBOOK_PAGE, writeStudyPages } from "./study-pages";
import { styled, type Terminal } from "../terminal/terminal";

const NOTEBOOKS = ["01-study.ipynb", "02-comparative-study.ipynb"] as const;

const RESULTS = "results.json";

/** Environment variables that set parameters, for CI. */
const ENVIRONMENT = { TSLORA_DATA: "data", TSLORA_MODEL: "model" } as const;

interface StudyFlags extends RunnerFlags {
  readonly outputDir: string;
}

/** Options of `run` that `study` does not have, with the reason; its help lists them. */
const WITHOUT = `The notebooks run in order, in their own folder. study.html is the report of
the run, study.json its facts, and notebooks.html shows the notebooks:
study does not have these options of run: --cwd, --jobs, --html, --check,
--rtol, --atol, --ignore, --report-json, --junit, --annotations, --watch,
--inspect. To use them, give the notebooks of notebooks/ to tslora run.`;

/** Adds `tslora study`: the study's notebooks in order, their page, the report, and the table before and after. */
export function addStudyCommand(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  const command = program
    .command("study")
    .description("Execute the study's notebooks, and write its report")
    .addOption(
      new Option("-o, --output-dir <dir>", "folder for notebooks, adapter and results")
        .argParser(expandHome)
        .default(outputFolder(), "TSLORA_OUTPUT, or output in the clone"),
    );
  addRunnerOptions(command)
    .addHelpText("after", `\n${WITHOUT}`)
    .action(async (flags: StudyFlags) => exit(await study(flags, terminal)));
}

/** Paths that a study writes in its output folder; it locks all of them. */
const COVERED = [
  ...NOTEBOOKS,
  "checkpoints",
  "adapter",
  "model",
  RESULTS,
  NOTEBOOK_PAGE,
  ...Object.values(REPORT_FILES),
];

async function study(flags: StudyFlags, terminal: Terminal): Promise<number> {
  const folder = resolve(flags.outputDir);
  const { parameters, rawParameters } = await gatherParameters(flags);
  const given = studyParameters(parameters);
  const planned = await planParameters(given);
  const lock = lockFolder(folder, {
    purpose: "study",
    command: ["npm run study", ...process.argv.slice(3)].join(" "),
    covers: COVERED,
  });
  try {
    return await runLocked(flags, terminal, { folder, planned, given, rawParameters, token: lock.token });
  } finally {
    lock.release();
  }
}

async function runLocked(flags: StudyFlags, terminal: Terminal, run: LockedStudy): Promise<number> {
  const started = Date.now();
  const summaries = await runNotebooks(flags, terminal, run);
  const results = await readFreshResults(run.folder, started);
  const written = await writeStudyPages(run.folder, {
    results,
    summaries,
    given: { parameters: run.given, raw: run.rawParameters },
  });
  terminal.out.write(`${summaryLines(summaries, terminal).join("\n")}\n`);
  showResults(run.folder, results, terminal);
  terminal.out.write(`notebooks: ${shortPath(written.notebooks)}\n`);
  if (written.report !== undefined) terminal.out.write(`report: ${shortPath(written.report)}\n`);
  return exitCodeOf(summaries.at(-1)?.status ?? "ok");
}

interface LockedStudy {
  readonly folder: string;
  readonly planned: readonly PlannedNotebook[];
  /** The parameters of the run, also those of variables. */
  readonly given: ParameterInput;
  readonly rawParameters: readonly string[];
  /** The lock that lets kernels write into the folder. */
  readonly token: string;
}

async function runNotebooks(
  flags: StudyFlags,
  terminal: Terminal,
  { folder, planned, rawParameters, token }: LockedStudy,
): Promise<RunSummary[]> {
  const interruption = hearInterruption(terminal);
  const summaries: RunSummary[] = [];
  try {
    for (const { path, parameters } of planned) {
      const summary = await runInTerminal(path, {
        ...runnerOptions(flags),
        terminal,
        quiet: flags.quiet ?? false,
        outputPath: join(folder, basename(path)),
        parameters,
        rawParameters,
        signal: interruption.signal,
        env: { TSLORA_OUTPUT: folder, TSLORA_LOCK: token },
      });
      summaries.push(summary);
      if (summary.status !== "ok") break; // the comparison reads the results of the study
    }
  } finally {
    interruption.release();
  }
  return summaries;
}

/** The results that this run wrote, if it wrote any. */
async function readFreshResults(folder: string, started: number): Promise<StudyResults | undefined> {
  const path = join(folder, RESULTS);
  if (!existsSync(path) || statSync(path).mtimeMs < started) return undefined;
  return JSON.parse(await readFile(path, "utf8")) as StudyResults;
}

function showResults(folder: string, results: StudyResults | undefined, terminal: Terminal): void {
  const write = (text: string): void => void terminal.out.write(`${fitText(text, widthOf(terminal.out))}\n`);
  const path = join(folder, RESULTS);
  if (results === undefined) {
    const time = (): string => statSync(path).mtime.toISOString().slice(0, 16).replace("T", " ");
    const earlier = existsSync(path) ? `; ${shortPath(path)} is of an earlier run (${time()} UTC)` : "";
    write(`results: this run wrote none${earlier}`);
    return;
  }
  const [facts, head, ...rows] = resultLines(results);
  write(`\n${facts}`);
  if (results.banner !== undefined) write(styled(terminal, "yellow", results.banner));
  terminal.out.write(`${styled(terminal, "bold", head ?? "")}\n${rows.join("\n")}\n\n`);
  terminal.out.write(`results: ${shortPath(path)}\n`);
  const own = join(folder, results.method === "lora" ? "adapter" : "model");
  for (const adapter of findAdapters(own)) terminal.out.write(`adapter: ${shortPath(adapter)}\n`);
}

interface PlannedNotebook {
  readonly path: string;
  readonly parameters: ParameterInput;
}

/** Completes the given parameters from the environment; paths are relative to the current folder. */
function studyParameters(given: ParameterInput): ParameterInput {
  const parameters: Record<string, unknown> = { ...given };
  for (const [variable, name] of Object.entries(ENVIRONMENT)) {
    const value = process.env[variable];
    if (value !== undefined && value !== "" && !(name in parameters)) parameters[name] = value;
  }
  for (const name of Object.values(ENVIRONMENT)) {
    const path = parameters[name];
    if (typeof path === "string" && existsSync(path)) parameters[name] = resolve(path);
  }
  return parameters;
}

/**
 * Gives each notebook the parameters that it declares. Refuses a parameter that no notebook has, before anything runs.
 */
async function planParameters(parameters: ParameterInput): Promise<PlannedNotebook[]> {
  const planned = await Promise.all(
    NOTEBOOKS.map(async (name) => {
      const path = join(projectRoot(), "notebooks", name);
      return { path, known: readParameters(await readNotebook(path), { path }).map((parameter) => parameter.name) };
    }),
  );
  const all = new Set(planned.flatMap(({ known }) => known));
  const problems = new Problems("tslora study");
  for (const name of Object.keys(parameters))
    problems.expect(
      all.has(name),
      `there is no parameter ${JSON.stringify(name)}; the notebooks have ${[...all].join(", ")}`,
    );
  problems.throwIfAny();
  return planned.map(({ path, known }) => ({
    path,
    parameters: Object.fromEntries(Object.entries(parameters).filter(([name]) => known.includes(name))),
  }));
}
