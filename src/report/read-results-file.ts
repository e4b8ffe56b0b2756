import { readJsonObject } from "../base/files/parse-json-file";
import { isRecord } from "../base/json";
import { Problems } from "../base/problems";
import { shownPath } from "../base/shown-path";
import { TRAINING_METHODS } from "../classifier/training-method";
import { studyCommand } from "./facts/study-commands";
import type { StudyResults } from "./study-results";

const EVALUATIONS = ["before", "after", "validation", "baseline"] as const;

/**
 * Reads a file of results, for `studyFacts`: of the study, or of a training with the same evaluations.
 *
 * @throws TsloraError `not-found` if there is no file, `bad-input` if it is not JSON, or lists what it lacks.
 */
export async function readResultsFile(path: string): Promise<StudyResults> {
  const results = await readJsonObject(path);
  const problems = new Problems(shownPath(path));
  for (const name of EVALUATIONS)
    problems.expect(
      isEvaluation(results[name]),
      `${name} must be an evaluation of texts with one label each; the file has none. ${studyCommand()} writes it, and tslora train with --baseline, --evaluate-before and test texts`,
    );
  for (const name of ["model", "data"])
    problems.expect(typeof results[name] === "string", `${name} must be a name; got ${typeof results[name]}`);
  for (const name of ["seed", "elapsed"])
    problems.expect(typeof results[name] === "number", `${name} must be a number; got ${typeof results[name]}`);
  problems.expect(
    TRAINING_METHODS.some((method) => method === results.method),
    `method must be ${TRAINING_METHODS.join(", ")}; got ${typeof results.method === "string" ? JSON.stringify(results.method.slice(0, 60)) : typeof results.method}`,
  );
  problems.throwIfAny("bad-input");
  return { ...(results as unknown as StudyResults), notices: textsOf(results.notices) };
}

function isEvaluation(value: unknown): boolean {
  return (
    isRecord(value) &&
    typeof value.n === "number" &&
    isRecord(value.accuracyInterval) &&
    Array.isArray(value.predictions) &&
    value.predictions.every((one) => isRecord(one) && typeof one.yPred === "number" && Array.isArray(one.probabilities))
  );
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((text) => typeof text === "string") : [];
}
