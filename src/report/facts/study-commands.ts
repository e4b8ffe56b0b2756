import { places } from "../../base/places";
import { shellWord } from "../../base/shell-word";
import type { SettingValue } from "../evidence/evidence";
import { withoutFolder } from "../evidence/without-folder";
import type { CommandFacts, SubjectFacts } from "./study-facts";

/** A parameter of the command line. */
export interface GivenParameter {
  readonly name: string;
  readonly value: unknown;
  /** Whether its text is taken as it is, as with `-r`. */
  readonly raw: boolean;
}

/** The run whose commands are listed. */
export interface RepeatedRun extends Pick<SubjectFacts, "madeBy" | "method" | "source"> {
  /** The given parameters. @default all of `settings` */
  readonly parameters?: readonly GivenParameter[];
  /** All its parameters by name. @default not recorded */
  readonly settings?: Readonly<Record<string, SettingValue>>;
}

/** Commands that repeat a run, or continue with its results. Paths are without their folders. */
export function studyCommands(run: RepeatedRun): CommandFacts[] {
  const folder = run.madeBy === "train" ? "output/train" : "output";
  const own = run.method === "lora" ? `--adapter ${folder}/adapter` : `--model ${folder}/model`;
  return [
    repeatCommand(run),
    { does: "Evaluate the classifier on other texts.", command: `npx tslora evaluate ${own} --data other.csv` },
    { does: "Check the labels of the data.", command: auditCommand(run) },
    { does: "Write this report again from the run's results.", command: `npx tslora report ${folder}/results.json` },
  ];
}

/** The name of the data in commands where the results do not record it. */
const UNKNOWN = "texts.csv";

/** Options of `tslora audit` that name a table's columns, by the run's parameters. */
const COLUMNS = { textColumn: "--text-column", textPair: "--text-pair", labelColumn: "--label-column" } as const;

/** The command that checks the labels of the data, with the columns that the run was given. */
export function auditCommand({ source = UNKNOWN, settings = {} }: Pick<RepeatedRun, "source" | "settings">): string {
  const columns = Object.entries(COLUMNS).flatMap(([name, option]) => {
    const column = settings[name];
    return typeof column === "string" ? [option, shellWord(column)] : [];
  });
  return ["npx tslora audit --data", shellWord(source), ...columns, "--output issues.csv"].join(" ");
}

const SAME = "On the same kind of device the figures are the same.";

function repeatCommand({ madeBy, parameters, settings }: RepeatedRun): CommandFacts {
  if (madeBy === "train")
    return {
      does: `Repeat the run. ${SAME}`,
      command: "npx tslora train --config output/train/training_args.json --output-dir output/repeated",
    };
  const known = parameters !== undefined || settings !== undefined;
  const given = parameters ?? Object.entries(settings ?? {}).map(([name, value]) => ({ name, value, raw: false }));
  return {
    does: `Repeat the run. ${known ? SAME : "The results do not record its parameters: add those that it had."}`,
    command: studyCommand(given),
  };
}

/** The study that records every fact of a report; for results of `tslora train` one of the same model and texts. */
export function recordingCommand({ madeBy, source: data = UNKNOWN, model, method, seed }: SubjectFacts): string {
  if (madeBy === "study") return studyCommand();
  const same = { data, model, ...(method === "head" ? {} : { method }), seed }; // there is no study of the head alone
  return studyCommand(Object.entries(same).map(([name, value]) => ({ name, value, raw: false })));
}

/** The command that runs the study: a clone has a script for it, an installed package has not. */
export function studyCommand(given: readonly GivenParameter[] = []): string {
  const flags = given.map(({ name, value, raw }) => `${raw ? "-r" : "-p"} ${shellWord(`${name}=${written(value)}`)}`);
  const { installed } = places();
  const start = installed ? "npx tslora study" : "npm run study";
  return [start, ...(flags.length === 0 || installed ? [] : ["--"]), ...flags].join(" ");
}

function written(value: unknown): string {
  if (typeof value === "string") return withoutFolder(value);
  return JSON.stringify(value);
}
