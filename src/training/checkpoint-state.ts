import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { TsloraError } from "../base/tslora-error";
import type { BestEvaluation } from "./best-weights";
import type { RunIdentity } from "./run-identity";

/** Where a run stood, tensors left out. */
export interface CheckpointState {
  readonly step: number;
  readonly epoch: number;
  readonly best: BestEvaluation | undefined;
  /** Masks drawn: with the seed, the random state. Shuffles are a function of seed and epoch. */
  readonly dropoutDraws: number;
  readonly optimizerSteps: number;
  readonly earlyStoppingCount: number;
  /** Evaluations in a row that predicted one class. */
  readonly oneClassEvaluations: number;
  /** Whether the run was stopped before the evaluation that this step is due. */
  readonly evaluationDue: boolean;
  readonly gradNorms: readonly number[];
  readonly identity: RunIdentity;
}

const VERSION = 1;

/** A state as trainer_state.json holds it: transformers' keys, and ours under `tslora`. */
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
 * Reads trainer_state.json of a checkpoint.
 *
 * @throws TsloraError `bad-input` when it is not a checkpoint that tslora can go on from.
 */
export async function readState(checkpoint: string): Promise<CheckpointState> {
  const path = join(checkpoint, "trainer_state.json");
  try {
    const json = JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>;
    const own = json.tslora as (Omit<CheckpointState, "step" | "epoch" | "best"> & { version: number; bestLoss: number | null }) | undefined;
    if (own === undefined) throw new Error("it was not written by this version of tslora, which alone can be gone on from");
    if (own.version !== VERSION) throw new Error(`it has version ${own.version}; ${VERSION} was expected`);
    const { best_global_step: bestStep, best_metric: metric, epoch, global_step: step } = json;
    if (typeof step !== "number" || typeof epoch !== "number") throw new Error("global_step and epoch are to be numbers");
    const { dropoutDraws, optimizerSteps, earlyStoppingCount, oneClassEvaluations, evaluationDue, gradNorms, identity, bestLoss } = own;
    const best = typeof bestStep === "number" && typeof metric === "number" && typeof bestLoss === "number" ? { step: bestStep, metric, loss: bestLoss } : undefined;
    return { step, epoch, best, dropoutDraws, optimizerSteps, earlyStoppingCount, oneClassEvaluations, evaluationDue, gradNorms, identity };
  } catch (error) {
    throw new TsloraError("bad-input", `${path} cannot be gone on from: ${error instanceof Error ? error.message : String(error)}.`, { cause: error });
  }
}
