import type { JsonValue } from "../../../base/json";

/** Optuna's operation codes (`JournalOperation`). */
export const OPERATION = {
  createStudy: 0,
  deleteStudy: 1,
  setStudyUserAttr: 2,
  setStudySystemAttr: 3,
  createTrial: 4,
  setTrialParam: 5,
  setTrialStateValues: 6,
  setTrialIntermediateValue: 7,
  setTrialUserAttr: 8,
  setTrialSystemAttr: 9,
} as const;

/** Optuna's states of a trial (`TrialState`). */
export const TRIAL_STATE = { running: 0, complete: 1, pruned: 2, failed: 3, waiting: 4 } as const;

/** Optuna's directions (`StudyDirection`). */
export const STUDY_DIRECTION = { minimize: 1, maximize: 2 } as const;

/** A number that Python reads as a float: 1 is written as 1.0. */
export class PythonFloat {
  constructor(readonly value: number) {}
}

/** JSON with floats of Python. */
export type JournalValue =
  JsonValue | PythonFloat | readonly JournalValue[] | { readonly [key: string]: JournalValue | undefined };

/** One line of a journal. The writer adds its `worker_id`. */
export type Operation = { readonly op_code: number } & { readonly [key: string]: JournalValue };

/** The JSON of one line, as Python's `json.dumps` writes floats. */
export function journalText(value: JournalValue): string {
  if (value instanceof PythonFloat) return floatText(value.value);
  if (Array.isArray(value)) return `[${(value as readonly JournalValue[]).map(journalText).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).filter((entry): entry is [string, JournalValue] => entry[1] !== undefined);
  return `{${entries.map(([key, one]) => `${JSON.stringify(key)}:${journalText(one)}`).join(",")}}`;
}

function floatText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "Infinity" : "-Infinity";
  const text = String(value);
  return Number.isInteger(value) && !text.includes("e") ? `${text}.0` : text;
}
