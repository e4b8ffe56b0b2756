import { Option, type Command } from "commander";

import type { RunOptions } from "../../notebook/run/run-options";
import {
  collectParameter,
  collectText,
  parseCount,
  parseDuration,
  parseSize,
  type ParameterFlags,
} from "../command-options";

/** The options of every command that executes notebooks, as commander reads them. */
export interface RunnerFlags extends ParameterFlags {
  readonly kernel?: string;
  readonly cellTimeout?: number;
  readonly interruptOnTimeout?: boolean;
  readonly timeout?: number;
  readonly outputLimit?: number;
  readonly startTimeout?: number;
  readonly retries?: number;
  readonly transport?: "tcp" | "ipc";
  readonly allowErrors?: boolean;
  readonly quiet?: boolean;
}

/** Adds the options of every command that executes notebooks: kernel, parameters, limits, failures. */
export function addRunnerOptions(command: Command): Command {
  addParameterOptions(command.option("-k, --kernel <name>", "kernel to use (default: the notebook's own)"));
  return command
    .option("--cell-timeout <time>", "limit for each cell: seconds, or 90s, 15m, 2h", parseDuration)
    .option(
      "--interrupt-on-timeout",
      "for --cell-timeout: count an interrupted cell as failed, or as ok if it caught the interrupt; " +
        "with --allow-errors the run continues after it",
    )
    .option("--timeout <time>", "limit for each notebook", parseDuration)
    .option(
      "--output-limit <size>",
      "output that a cell keeps in the notebook, such as 500kB or 20MB; the rest goes to files beside it; " +
        "none: no limit (default: 100MB)",
      parseSize,
    )
    .option("--start-timeout <time>", "limit for the kernel's start (default: 60s)", parseDuration)
    .option("--retries <n>", "times that a kernel that did not start is started again", parseCount)
    .addOption(
      new Option(
        "--transport <how>",
        "transport to the kernel (default: ipc for tslora, tslab and jslab, tcp for others)",
      ).choices(["tcp", "ipc"]),
    )
    .option("--allow-errors", "continue after a failed cell; the exit code still reports it")
    .option("-q, --quiet", "print only failures and the summary");
}

function addParameterOptions(command: Command): void {
  const options = [
    new Option("-p, --param <name=value>", "value for a parameter; may be given several times"),
    new Option("-r, --raw <name=value>", "as -p, but the value is not parsed: 007, true"),
    new Option("-y, --yaml <text>", "parameters from a YAML text, such as '{epochs: 3, r: 8}'"),
    new Option("-f, --file <path>", "parameters from a YAML or JSON file"),
  ];
  for (const option of options.slice(0, 2)) command.addOption(option.argParser(collectParameter));
  for (const option of options.slice(2)) command.addOption(option.argParser(collectText));
}

/** The options of a run from the flags, without its parameters; see `gatherParameters`. */
export function runnerOptions(flags: RunnerFlags): RunOptions {
  return {
    kernel: flags.kernel,
    onError: flags.allowErrors === true ? "continue" : "stop",
    cellTimeoutMs: flags.cellTimeout,
    interruptOnTimeout: flags.interruptOnTimeout,
    timeoutMs: flags.timeout,
    outputLimit: flags.outputLimit,
    startTimeoutMs: flags.startTimeout,
    startRetries: flags.retries,
    transport: flags.transport,
  };
}
