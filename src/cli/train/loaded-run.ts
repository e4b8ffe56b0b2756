import type { SequenceClassifier } from "../../classifier/sequence-classifier";
import type { ResolvedModel } from "../../hub/resolve-model";
import type { Terminal } from "../terminal/terminal";
import type { LoadedParts } from "./load-parts";
import type { TrainPlan } from "./plan-train";
import type { TrainView } from "./train-view";

/** The context of a run: terminal, view and stop signal. */
export interface RunContext {
  readonly terminal: Terminal;
  readonly view: TrainView;
  readonly signal: AbortSignal;
}

/** A run whose model and texts are loaded. */
export interface LoadedRun {
  readonly plan: TrainPlan;
  readonly model: ResolvedModel;
  readonly parts: LoadedParts;
  readonly classifier: SequenceClassifier;
  readonly notices: readonly string[];
  readonly notice: (text: string) => void;
}
