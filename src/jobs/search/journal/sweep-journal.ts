import { existsSync } from "node:fs";

import type { JsonValue } from "../../../base/json";
import { shownPath } from "../../../base/shown-path";
import { TsloraError } from "../../../base/tslora-error";
import { distributionOf, externalValue, internalValue } from "../space/distribution";
import type { SearchSpace, Settings, SettingValue } from "../space/search-space";
import type { SamplerState } from "../samplers/sampler";
import { distributionJson } from "./distribution-json";
import { JournalFile } from "./journal-file";
import { OPERATION, PythonFloat, STUDY_DIRECTION, TRIAL_STATE, type Operation } from "./operations";
import type { JournalStudy, JournalTrial } from "./replay";

/** Names of the attributes that a sweep adds to those of Optuna. */
const ATTR = {
  plan: "tslora:plan",
  sampler: "tslora:sampler",
  paused: "tslora:paused",
  seeds: "seeds",
  seedValues: "seed_values",
  error: "error",
  result: "tslora:result",
} as const;

/** A trial that an earlier call of the sweep recorded. */
export interface RecordedTrial {
  readonly number: number;
  readonly settings: Settings;
  readonly state: "running" | "paused" | "complete" | "pruned" | "failed";
  readonly value?: number;
  readonly intermediate: readonly { readonly step: number; readonly value: number }[];
  /** Values at the rungs of successive halving. */
  readonly rungs: readonly number[];
  readonly sampler: SamplerState | undefined;
  readonly seedValues: readonly number[];
  readonly error?: string;
  /** Milliseconds since 1970. */
  readonly started?: number;
  readonly ended?: number;
}

/** Options of {@link SweepJournal.open}. */
export interface SweepJournalOptions {
  readonly name: string;
  readonly direction: "maximize" | "minimize";
  readonly space: SearchSpace;
  readonly metric: string;
  /** Settings that decide the trials; a resumed sweep must have the same. */
  readonly plan: string;
  readonly resume: boolean;
}

/** A sweep's study in a journal of Optuna. */
export class SweepJournal {
  readonly #file: JournalFile;
  readonly #options: SweepJournalOptions;
  readonly #ids = new Map<number, number>(); // journal's ids by number

  private constructor(file: JournalFile, options: SweepJournalOptions) {
    this.#file = file;
    this.#options = options;
  }

  /**
   * Creates the study, or finds it if the sweep resumes.
   *
   * @throws TsloraError `in-use` if the study exists and `resume` is false; `not-found` if it does not and `resume` is
   *   true; `bad-option` if it is that of a sweep with other settings.
   */
  static async open(path: string, options: SweepJournalOptions): Promise<SweepJournal> {
    const { name, direction, metric, plan, resume } = options;
    const file = new JournalFile(path);
    if (resume && !existsSync(path)) throw notFound(path, name);
    await file.append((replay) => {
      const study = replay.study(name);
      if (study !== undefined) {
        checkStudy(study, { path, plan, resume });
        return [];
      }
      if (resume) throw notFound(path, name);
      const { nextStudy } = replay;
      const operations: readonly Operation[] = [
        { op_code: OPERATION.createStudy, study_name: name, directions: [STUDY_DIRECTION[direction]] },
        { op_code: OPERATION.setStudyUserAttr, study_id: nextStudy, user_attr: { [ATTR.plan]: plan } },
        { op_code: OPERATION.setStudySystemAttr, study_id: nextStudy, system_attr: { "study:metric_names": [metric] } },
      ];
      return operations;
    });
    const journal = new SweepJournal(file, options);
    for (const trial of journal.#study.trials) journal.#ids.set(trial.number, trial.id);
    return journal;
  }

  /**
   * The settings that decide the trials of a study; undefined if there is no such study.
   *
   * @throws TsloraError `bad-input` if the file is no journal.
   */
  static async planOf(path: string, name: string): Promise<string | undefined> {
    const file = new JournalFile(path);
    await file.sync();
    const study = file.replay.study(name);
    const plan = study?.userAttrs.get(ATTR.plan);
    return study && (typeof plan === "string" ? plan : "");
  }

  get path(): string {
    return this.#file.path;
  }

  get #study(): JournalStudy {
    const study = this.#file.replay.study(this.#options.name);
    if (study === undefined)
      throw new TsloraError(
        "bad-input",
        `${shownPath(this.path)}: the study ${this.#options.name} was deleted during the sweep.`,
      );
    return study;
  }

  /** All trials, by number. */
  trials(): RecordedTrial[] {
    return this.#study.trials.map((trial) => recordedTrial(trial, this.#options.space));
  }

  /** Adds a trial with its settings. Returns its number. */
  async addTrial(
    settings: Settings,
    { sampler, seeds }: { sampler: SamplerState; seeds: readonly number[] },
  ): Promise<number> {
    let number = NaN;
    await this.#file.append((replay) => {
      const study = this.#study;
      const id = replay.nextTrial;
      number = study.trials.length;
      this.#ids.set(number, id);
      return [
        { op_code: OPERATION.createTrial, study_id: study.id, datetime_start: now() },
        ...Object.entries(settings).map(([name, value]) => this.#param(id, name, value)),
        userAttr(id, ATTR.seeds, [...seeds]),
        systemAttr(id, ATTR.sampler, { ...sampler }),
      ];
    });
    return number;
  }

  /**
   * Adds a value of the trial's first seed, and with it that the trial has reached a rung, as Optuna's pruner records
   * it, and whether it pauses there. Only a loss of power can lose it, and then the resumed job reports it again.
   */
  async addValue(
    trial: number,
    { step, value }: { step: number; value: number },
    at?: { readonly rung: number; readonly paused: boolean },
  ): Promise<void> {
    const id = this.#id(trial);
    const line = { trial_id: id, step, intermediate_value: new PythonFloat(value) };
    const reached =
      at === undefined
        ? []
        : [systemAttr(id, `completed_rung_${at.rung}`, new PythonFloat(value)), systemAttr(id, ATTR.paused, at.paused)];
    await this.#append([{ op_code: OPERATION.setTrialIntermediateValue, ...line }, ...reached], { sync: false });
  }

  /** Records that a paused trial continues. */
  async continueTrial(trial: number): Promise<void> {
    await this.#append([systemAttr(this.#id(trial), ATTR.paused, false)]);
  }

  /** Ends a trial. Optuna keeps no further changes of it. */
  async endTrial(
    trial: number,
    end:
      | { readonly state: "complete"; readonly value: number; readonly seedValues: readonly number[] }
      | { readonly state: "pruned" }
      | { readonly state: "failed"; readonly error: string },
  ): Promise<void> {
    const id = this.#id(trial);
    const done = (state: number, values: readonly PythonFloat[] | null): Operation => ({
      op_code: OPERATION.setTrialStateValues,
      trial_id: id,
      state,
      values,
      datetime_complete: now(),
    });
    switch (end.state) {
      case "complete": {
        const values = end.seedValues.map((value) => new PythonFloat(value));
        const { complete } = TRIAL_STATE;
        return this.#append([userAttr(id, ATTR.seedValues, values), done(complete, [new PythonFloat(end.value)])]);
      }
      case "pruned":
        return this.#append([done(TRIAL_STATE.pruned, null)]);
      case "failed":
        return this.#append([userAttr(id, ATTR.error, end.error.slice(0, 2000)), done(TRIAL_STATE.failed, null)]);
    }
  }

  /** Records the report of a finished sweep with the study. */
  async setResult(result: JsonValue): Promise<void> {
    await this.#append([
      { op_code: OPERATION.setStudyUserAttr, study_id: this.#study.id, user_attr: { [ATTR.result]: result } },
    ]);
  }

  #append(operations: readonly Operation[], options: { readonly sync?: boolean } = {}): Promise<void> {
    return this.#file.append(() => operations, options);
  }

  #id(trial: number): number {
    const id = this.#ids.get(trial);
    if (id === undefined) throw new TypeError(`The journal has no trial ${trial}.`);
    return id;
  }

  #param(id: number, name: string, value: SettingValue): Operation {
    const distribution = distributionOf(this.#options.space[name]);
    const internal = internalValue(distribution, value);
    const isFloat = distribution.kind === "numeric" && !distribution.whole;
    return {
      op_code: OPERATION.setTrialParam,
      trial_id: id,
      param_name: name,
      param_value_internal: isFloat ? new PythonFloat(internal) : internal,
      distribution: distributionJson(distribution),
    };
  }
}

function userAttr(id: number, key: string, value: Operation[string]): Operation {
  return { op_code: OPERATION.setTrialUserAttr, trial_id: id, user_attr: { [key]: value } };
}

function systemAttr(id: number, key: string, value: Operation[string]): Operation {
  return { op_code: OPERATION.setTrialSystemAttr, trial_id: id, system_attr: { [key]: value } };
}

function now(): string {
  return new Date().toISOString().replace("Z", "000+00:00"); // microseconds, as Python writes them
}

function checkStudy(
  { name, userAttrs }: JournalStudy,
  { path, plan, resume }: { path: string; plan: string; resume: boolean },
): void {
  if (!resume)
    throw new TsloraError(
      "in-use",
      `${shownPath(path)} holds a sweep named ${name} already. Resume it, or choose another name or folder.`,
    );
  const then = userAttrs.get(ATTR.plan);
  if (then === plan) return;
  throw new TsloraError(
    "bad-option",
    `The sweep ${name} in ${shownPath(path)} cannot resume: its settings, data, model or space were others. ` +
      "Only limits and workers may change. Restore the settings, or choose another name.",
    { details: { then, now: plan } },
  );
}

function notFound(path: string, name: string): TsloraError {
  return new TsloraError(
    "not-found",
    `${shownPath(path)} holds no sweep named ${name}, so there is nothing to resume.`,
  );
}

/** A journal's trial in the words of a sweep. */
export function recordedTrial(trial: JournalTrial, space: SearchSpace): RecordedTrial {
  const { number, state, values, params, intermediate, userAttrs, systemAttrs, started, ended } = trial;
  const settings = [...params].flatMap(([name, { internal }]): [string, SettingValue][] =>
    Object.hasOwn(space, name) ? [[name, externalValue(distributionOf(space[name]), internal)]] : [],
  );
  const rungs: number[] = [];
  for (let value = systemAttrs.get("completed_rung_0"); typeof value === "number";)
    value = systemAttrs.get(`completed_rung_${rungs.push(value)}`);
  const seedValues = userAttrs.get(ATTR.seedValues);
  const error = userAttrs.get(ATTR.error);
  return {
    number,
    settings: Object.fromEntries(settings),
    state: stateOf(state, systemAttrs.get(ATTR.paused) === true),
    ...(values === null || state !== TRIAL_STATE.complete ? {} : { value: values[0] }),
    intermediate: [...intermediate].map(([step, value]) => ({ step, value })).sort((a, b) => a.step - b.step),
    rungs,
    sampler: systemAttrs.get(ATTR.sampler) as SamplerState | undefined,
    seedValues: Array.isArray(seedValues) ? seedValues.map(Number) : [],
    ...(typeof error === "string" ? { error } : {}),
    ...(started === undefined ? {} : { started: Date.parse(started) }),
    ...(ended === undefined ? {} : { ended: Date.parse(ended) }),
  };
}

function stateOf(state: number, paused: boolean): RecordedTrial["state"] {
  switch (state) {
    case TRIAL_STATE.complete:
      return "complete";
    case TRIAL_STATE.pruned:
      return "pruned";
    case TRIAL_STATE.failed:
      return "failed";
    default:
      return paused ? "paused" : "running";
  }
}
