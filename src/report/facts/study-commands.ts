import { places } from "../../base/places";
import type { TrainingMethod } from "../../classifier/training-method";
import type { SettingValue } from "../evidence/evidence";
import { withoutFolder } from "../evidence/without-folder";
import type { CommandFacts } from "./study-facts";

/** A parameter of the command line. */
export interface GivenParameter {
  readonly name: string;
  readonly value: unknown;
  /** Whether its text is taken as it is, as with `-r`. */
  readonly raw: boolean;
}

/** The run whose commands are listed. */
export interface RepeatedRun {
  readonly method: TrainingMethod;
  /** The given parameters. @default all of `settings` */
  readonly parameters?: readonly GivenParameter[];
  /** All its parameters by name. @default not recorded */
  readonly settings?: Readonly<Record<string, SettingValue>>;
}

/** Commands that repeat a run of the study, or continue with its results. Paths are without their folders. */
export function studyCommands({ method, parameters, settings }: RepeatedRun): CommandFacts[] {
  const given = parameters ?? Object.entries(settings ?? {}).map(([name, value]) => ({ name, value, raw: false }));
  const flags = given.map(({ name, value, raw }) => `${raw ? "-r" : "-p"} ${quoted(`${name}=${written(value)}`)}`);
  const { installed } = places();
  const start = installed ? "npx tslora study" : "npm run study";
  const own = method === "lora" ? "--adapter output/adapter" : "--model output/model";
  const known = parameters !== undefined || settings !== undefined;
  return [
    {
      does: `Repeat the run.${known ? " On the same kind of device the figures are the same." : " The results do not record its parameters: add those that it had."}`,
      command: [start, ...(flags.length === 0 || installed ? [] : ["--"]), ...flags].join(" "),
    },
    { does: "Evaluate the classifier on other texts.", command: `npx tslora evaluate ${own} --data other.csv` },
    { does: "Check the labels of the data.", command: "npx tslora audit --data texts.csv --output issues.csv" },
    { does: "Write this report again from the run's results.", command: "npx tslora report output/results.json" },
  ];
}

function written(value: unknown): string {
  if (typeof value === "string") return withoutFolder(value);
  return JSON.stringify(value);
}

/** Quotes an argument for a POSIX shell. */
function quoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}
