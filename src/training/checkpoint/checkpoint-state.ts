import { basename, join } from "node:path";

import { readJsonObject } from "../../base/files/parse-json-file";
import { Problems } from "../../base/problems";
import { shownPath } from "../../base/shown-path";
import { shownText, shownValue } from "../../base/shown-value";
import { TsloraError } from "../../base/tslora-error";
import type { BestEvaluation } from "./best-weights";
import type { RunIdentity } from "./run-identity";

/** The state of a run, without its tensors. */
export interface CheckpointState {
  readonly step: number;
  readonly epoch: number;
  readonly best: BestEvaluation | undefined;
  /** Number of dropout masks drawn. With the seed this is the whole random state: shuffles depend on seed and epoch. */
  readonly dropoutDraws: number;
  readonly optimizerSteps: number;
  readonly earlyStoppingCount: number;
  /** Consecutive evaluations that predicted a single class. */
  readonly oneClassEvaluations: number;
  /** Whether the run was stopped before this step's evaluation was made. */
  readonly evaluationDue: boolean;
  readonly gradNorms: readonly number[];
  readonly identity: RunIdentity;
  /**
   * SHA-256 of the checkpoint's other files, by name. They tie weights and moments to this state. Undefined in
   * checkpoints of the first version.
   */
  readonly files: Readonly<Record<string, string>> | undefined;
}

/** The file that holds a checkpoint's state, under transformers' name. */
export const STATE_FILE = "trainer_state.json";

/** The version to write. Version 1, without checksums of the other files, can still be read. */
const VERSION = 2;

/** The keys of `tslora` in trainer_state.json. */
const KEYS: ReadonlySet<string> = new Set([
  "version",
  "bestLoss",
  "dropoutDraws",
  "optimizerSteps",
  "earlyStoppingCount",
  "oneClassEvaluations",
  "evaluationDue",
  "gradNorms",
  "identity",
  "files",
] satisfies (keyof CheckpointState | "version" | "bestLoss")[]);

/** A state in the form of trainer_state.json: transformers' keys, and tslora's own under `tslora`. */
export function stateToJson(state: CheckpointState, more: Readonly<Record<string, unknown>>): string {
  const { step, epoch, best, ...rest } = state;
  const json = {
    best_global_step: best?.step ?? null,
    best_metric: best?.metric ?? null,
    best_model_checkpoint: best === undefined ? null : `checkpoint-${best.step}`,
    epoch,
    global_step: step,
    ...more,
    tslora: { version: VERSION, bestLoss: best?.loss ?? null, ...rest },
  };
  return `${JSON.stringify(json, undefined, 2)}\n`;
}

/**
 * Reads a checkpoint's trainer_state.json and checks the type and range of each value. `checkResume` compares the
 * values with the run.
 *
 * @throws TsloraError `bad-input` if tslora cannot resume from the checkpoint, naming every value at fault.
 */
export async function readState(checkpoint: string): Promise<CheckpointState> {
  const path = join(checkpoint, STATE_FILE);
  const json = await readJsonObject(path);
  const problems = new Problems(`${shownPath(path)}: cannot resume from it`);
  if (!isRecord(json.tslora))
    throw new TsloraError(
      "bad-input",
      `${shownPath(path)}: cannot resume from it: it was not written by this version of tslora.`,
    );
  const own = json.tslora;
  const isFirst = own.version === 1 && own.files === undefined;
  if (own.version !== VERSION && !isFirst)
    throw new TsloraError(
      "bad-input",
      `${shownPath(path)}: cannot resume from it: its version must be ${VERSION}; got ${shownValue(own.version)}.`,
    );
  const from = { problems, json, own };
  const step = take(from, "global_step", COUNT);
  const state: CheckpointState = {
    step,
    epoch: take(from, "epoch", AMOUNT),
    best: bestOf(from),
    dropoutDraws: take(from, "tslora.dropoutDraws", COUNT),
    optimizerSteps: take(from, "tslora.optimizerSteps", COUNT),
    earlyStoppingCount: take(from, "tslora.earlyStoppingCount", COUNT),
    oneClassEvaluations: take(from, "tslora.oneClassEvaluations", COUNT),
    evaluationDue: take(from, "tslora.evaluationDue", [
      "true or false",
      (value): value is boolean => typeof value === "boolean",
    ]),
    gradNorms: take(from, "tslora.gradNorms", [
      "a list of numbers from 0",
      (value): value is number[] => Array.isArray(value) && value.every(AMOUNT[1]),
    ]),
    identity: take(from, "tslora.identity", [`an object of the objects ${GROUPS.join(", ")}`, isIdentity]),
    files: isFirst
      ? undefined
      : take(from, "tslora.files", [
          "an object of names to checksums",
          (value): value is Record<string, string> =>
            isRecord(value) && Object.values(value).every((sum) => typeof sum === "string"),
        ]),
  };
  const unknown = Object.keys(own).filter((key) => !KEYS.has(key));
  problems.expect(
    unknown.length === 0,
    `"tslora" must have no other keys than ${[...KEYS].join(", ")}; it has ${shownValue(unknown)}`,
  );
  const named = /^checkpoint-(\d+)$/.exec(basename(checkpoint))?.[1];
  problems.expect(
    named === undefined || Number(named) === step,
    `"global_step" must be the step in the folder's name, ${named ?? ""}; got ${step}`,
  );
  problems.throwIfAny("bad-input");
  return state;
}

interface Source {
  readonly problems: Problems;
  readonly json: Readonly<Record<string, unknown>>;
  readonly own: Readonly<Record<string, unknown>>;
}
type Kind<T> = readonly [expected: string, holds: (value: unknown) => value is T];
const COUNT: Kind<number> = [
  "a whole number from 0",
  (value): value is number => Number.isSafeInteger(value) && (value as number) >= 0,
];
const AMOUNT: Kind<number> = [
  "a number from 0",
  (value): value is number => typeof value === "number" && Number.isFinite(value) && value >= 0,
];
const FINITE: Kind<number> = [
  "a number",
  (value): value is number => typeof value === "number" && Number.isFinite(value),
];

function take<T>({ problems, json, own }: Source, name: string, [expected, holds]: Kind<T>): T {
  const value = name.startsWith("tslora.") ? own[name.slice("tslora.".length)] : json[name];
  problems.expect(holds(value), `"${name}" must be ${expected}; got ${shownValue(value)}`);
  return value as T; // if the type is wrong, the caller throws
}

/** The best evaluation. Its step, metric, loss and checkpoint are all given or all null. */
function bestOf(from: Source): BestEvaluation | undefined {
  const { json, own, problems } = from;
  const parts = [json.best_global_step, json.best_metric, json.best_model_checkpoint, own.bestLoss];
  if (parts.every((part) => part === null)) return undefined;
  const best = {
    step: take(from, "best_global_step", COUNT),
    metric: take(from, "best_metric", FINITE),
    loss: take(from, "tslora.bestLoss", FINITE),
  };
  problems.expect(
    json.best_model_checkpoint === `checkpoint-${best.step}`,
    `"best_model_checkpoint" must be "checkpoint-${shownText(String(best.step), 40)}"; got ${shownValue(json.best_model_checkpoint)}`,
  );
  return best;
}

const GROUPS = ["options", "data", "model", "adapter"] as const satisfies readonly (keyof RunIdentity)[];

function isIdentity(value: unknown): value is RunIdentity {
  return (
    isRecord(value) && Object.keys(value).length === GROUPS.length && GROUPS.every((group) => isRecord(value[group]))
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
