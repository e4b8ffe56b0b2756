/* eslint-disable @typescript-eslint/no-require-imports -- a command's files are loaded when it is called: `run` starts
   in half the time, which import() would double again */
import type { Command } from "commander";

import type * as Audit from "./audit/audit-command";
import type * as Calibrate from "./calibrate/calibrate-command";
import type * as Check from "./check/check-command";
import type * as Doctor from "./doctor/doctor-command";
import type * as Evaluate from "./evaluate/evaluate-command";
import type * as Export from "./export/export-command";
import type * as Inspect from "./inspect/inspect-command";
import type * as JobCommand from "./job/job-command";
import type * as Library from "./library-command";
import type * as Merge from "./merge/merge-command";
import type * as Page from "./page/page-command";
import type * as Predict from "./predict/predict-command";
import type * as Pull from "./pull/pull-command";
import type * as Push from "./push/push-command";
import type * as Report from "./report/report-command";
import type * as Run from "./run/run-command";
import type * as Serve from "./serve/serve-command";
import type * as SetUp from "./setup/setup-command";
import type * as Study from "./study/study-command";
import type * as Sweep from "./sweep/sweep-command";
import type { Terminal } from "./terminal/terminal";
import type * as Train from "./train/train-command";
import type * as Worker from "./worker/worker-command";

/** Context for adding a command to the program. */
export interface CommandContext {
  readonly terminal: Terminal;
  /** Receives the exit code. */
  readonly exit: (code: number) => void;
}

/** A command before it is loaded. */
export interface KnownCommand {
  readonly name: string;
  /** Its heading in the help. */
  readonly group: string;
  /** Loads it and returns the function that adds it to the program. */
  readonly load: () => (program: Command, context: CommandContext) => void;
}

/** All commands in the order of the help. */
export const COMMANDS: readonly KnownCommand[] = [
  library("train", () => (require("./train/train-command") as typeof Train).trainCommand),
  library("sweep", () => (require("./sweep/sweep-command") as typeof Sweep).sweepCommand),
  library("evaluate", () => (require("./evaluate/evaluate-command") as typeof Evaluate).evaluateCommand),
  library("calibrate", () => (require("./calibrate/calibrate-command") as typeof Calibrate).calibrateCommand),
  library("predict", () => (require("./predict/predict-command") as typeof Predict).predictCommand),
  library("audit", () => (require("./audit/audit-command") as typeof Audit).auditCommand),
  library("report", () => (require("./report/report-command") as typeof Report).reportCommand),
  library("merge", () => (require("./merge/merge-command") as typeof Merge).mergeCommand),
  library("export", () => (require("./export/export-command") as typeof Export).exportCommand),
  library("page", () => (require("./page/page-command") as typeof Page).pageCommand),
  library("serve", () => (require("./serve/serve-command") as typeof Serve).serveCommand),
  library("worker", () => (require("./worker/worker-command") as typeof Worker).workerCommand),
  library("job", () => (require("./job/job-command") as typeof JobCommand).jobCommand),
  library("inspect", () => (require("./inspect/inspect-command") as typeof Inspect).inspectCommand),
  library("push", () => (require("./push/push-command") as typeof Push).pushCommand),
  library("pull", () => (require("./pull/pull-command") as typeof Pull).pullCommand),
  notebooks("study", () => (require("./study/study-command") as typeof Study).addStudyCommand),
  notebooks("run", () => (require("./run/run-command") as typeof Run).addRunCommand),
  notebooks("check-notebooks", () => (require("./check/check-command") as typeof Check).addCheckCommand),
  notebooks("doctor", () => (require("./doctor/doctor-command") as typeof Doctor).addDoctorCommand),
  notebooks("setup", () => (require("./setup/setup-command") as typeof SetUp).addSetUpCommand),
];

function library(name: string, load: () => Library.LibraryCommand): KnownCommand {
  return {
    name,
    group: "Commands:",
    load: () => (program, context) =>
      (require("./library-command") as typeof Library).addLibraryCommand(program, load(), context),
  };
}

function notebooks(
  name: string,
  load: () => (program: Command, terminal: Terminal, exit: CommandContext["exit"]) => void,
): KnownCommand {
  return {
    name,
    group: "Notebooks:",
    load:
      () =>
      (program, { terminal, exit }) =>
        load()(program, terminal, exit),
  };
}
