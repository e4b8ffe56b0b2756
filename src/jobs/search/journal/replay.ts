import { isRecord } from "../../../base/json";
import { OPERATION, TRIAL_STATE } from "./operations";

/** A study as a journal's lines give it. */
export interface JournalStudy {
  readonly id: number;
  readonly name: string;
  readonly directions: readonly number[];
  readonly userAttrs: Map<string, unknown>;
  readonly trials: JournalTrial[];
}

/** A trial as a journal's lines give it. */
export interface JournalTrial {
  readonly id: number;
  readonly number: number;
  state: number;
  values: readonly number[] | null;
  readonly params: Map<string, { readonly internal: number; readonly distribution: string }>;
  readonly intermediate: Map<number, number>;
  readonly userAttrs: Map<string, unknown>;
  readonly systemAttrs: Map<string, unknown>;
  started: string | undefined;
  ended: string | undefined;
}

/** The content of a journal, line by line as Optuna's `JournalStorageReplayResult` applies them. */
export class JournalReplay {
  readonly #studies = new Map<number, JournalStudy>();
  readonly #trials: { readonly trial: JournalTrial; readonly study: number }[] = [];
  #nextStudy = 0;

  /** The study of a name. */
  study(name: string): JournalStudy | undefined {
    return [...this.#studies.values()].find((study) => study.name === name);
  }

  /** The id that the next study gets. */
  get nextStudy(): number {
    return this.#nextStudy;
  }

  /** The id that the next trial gets. */
  get nextTrial(): number {
    return this.#trials.length;
  }

  /** Applies one line. Lines that Optuna ignores are ignored. */
  apply(line: Readonly<Record<string, unknown>>): void {
    const { op_code: code, study_id: study, trial_id: trial } = line;
    if (code === OPERATION.createStudy) return this.#createStudy(line);
    if (code === OPERATION.createTrial) return this.#createTrial(line);
    if (code === OPERATION.deleteStudy) return void this.#studies.delete(Number(study));
    if (code === OPERATION.setStudyUserAttr) {
      const { userAttrs } = this.#studies.get(Number(study)) ?? {};
      return setAll(userAttrs, line.user_attr);
    }
    const entry = typeof trial === "number" ? this.#trials.at(trial) : undefined;
    if (entry === undefined || isFinished(entry.trial.state)) return;
    applyToTrial(entry.trial, line);
  }

  #createStudy({ study_name: name, directions }: Readonly<Record<string, unknown>>): void {
    if (typeof name !== "string" || this.study(name) !== undefined) return;
    const id = this.#nextStudy++;
    const list = Array.isArray(directions) ? directions.map(Number) : [];
    this.#studies.set(id, { id, name, directions: list, userAttrs: new Map(), trials: [] });
  }

  #createTrial(line: Readonly<Record<string, unknown>>): void {
    const study = this.#studies.get(Number(line.study_id));
    if (study === undefined) return;
    const trial: JournalTrial = {
      id: this.#trials.length,
      number: study.trials.length,
      state: typeof line.state === "number" ? line.state : TRIAL_STATE.running,
      values: Array.isArray(line.values)
        ? line.values.map(Number)
        : line.value === undefined || line.value === null
          ? null
          : [Number(line.value)],
      params: new Map(),
      intermediate: new Map(),
      userAttrs: new Map(),
      systemAttrs: new Map(),
      started: text(line.datetime_start),
      ended: text(line.datetime_complete),
    };
    setAll(trial.userAttrs, line.user_attrs);
    setAll(trial.systemAttrs, line.system_attrs);
    for (const [name, internal] of entries(line.params))
      trial.params.set(name, {
        internal: Number(internal),
        distribution: text(entries(line.distributions).find(([of]) => of === name)?.[1]) ?? "",
      });
    for (const [step, value] of entries(line.intermediate_values)) trial.intermediate.set(Number(step), Number(value));
    study.trials.push(trial);
    this.#trials.push({ trial, study: study.id });
  }
}

function applyToTrial(trial: JournalTrial, line: Readonly<Record<string, unknown>>): void {
  switch (line.op_code) {
    case OPERATION.setTrialParam:
      trial.params.set(String(line.param_name), {
        internal: Number(line.param_value_internal),
        distribution: String(line.distribution),
      });
      return;
    case OPERATION.setTrialStateValues:
      trial.state = Number(line.state);
      if (Array.isArray(line.values)) trial.values = line.values.map(Number);
      trial.started = text(line.datetime_start) ?? trial.started;
      trial.ended = text(line.datetime_complete) ?? trial.ended;
      return;
    case OPERATION.setTrialIntermediateValue:
      trial.intermediate.set(Number(line.step), Number(line.intermediate_value));
      return;
    case OPERATION.setTrialUserAttr:
      return setAll(trial.userAttrs, line.user_attr);
    case OPERATION.setTrialSystemAttr:
      return setAll(trial.systemAttrs, line.system_attr);
  }
}

/** Whether a state is final: Optuna ignores later changes of such a trial. */
export function isFinished(state: number): boolean {
  return state === TRIAL_STATE.complete || state === TRIAL_STATE.pruned || state === TRIAL_STATE.failed;
}

function entries(value: unknown): [string, unknown][] {
  return isRecord(value) ? Object.entries(value) : [];
}

function setAll(attrs: Map<string, unknown> | undefined, value: unknown): void {
  for (const [key, one] of entries(value)) attrs?.set(key, one);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
