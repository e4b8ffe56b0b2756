import type { SequenceClassifier } from "../classifier/sequence-classifier";
import type { Parameter } from "../model/parameter";

/** The trained weights as they were at the best evaluation, kept in the computer's memory. */
export class BestWeights {
  readonly #classifier: SequenceClassifier;
  readonly #metric: "accuracy" | "loss";
  #best: { step: number; loss: number; accuracy: number; values: Map<Parameter, Float32Array> } | undefined;

  constructor(classifier: SequenceClassifier, options: { metric: "accuracy" | "loss" }) {
    this.#classifier = classifier;
    this.#metric = options.metric;
  }

  /** The step of the best evaluation. */
  get step(): number | undefined {
    return this.#best?.step;
  }

  /** The best evaluation's accuracy or loss. */
  get metric(): number | undefined {
    return this.#best?.[this.#metric];
  }

  /** Takes the present weights if their evaluation is the best so far; equal accuracies are told apart by the loss. */
  async offer(evaluation: { step: number; loss: number; accuracy: number }): Promise<boolean> {
    if (this.#best !== undefined && !this.#isBetter(evaluation, this.#best)) return false;
    const { ops } = this.#classifier.model;
    const values = new Map<Parameter, Float32Array>();
    for (const parameter of this.#classifier.trainableParameters()) values.set(parameter, Float32Array.from(await ops.read(parameter.value)));
    this.#best = { ...evaluation, values };
    return true;
  }

  /** Puts the best weights back. */
  restore(): void {
    const { ops } = this.#classifier.model;
    for (const [parameter, values] of this.#best?.values ?? []) parameter.assign(ops.float(values, parameter.shape));
  }

  #isBetter(a: { loss: number; accuracy: number }, b: { loss: number; accuracy: number }): boolean {
    if (this.#metric === "accuracy" && a.accuracy !== b.accuracy) return a.accuracy > b.accuracy;
    return a.loss < b.loss;
  }
}
