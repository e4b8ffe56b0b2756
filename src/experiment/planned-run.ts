import type { LabelledText } from "../evaluation/labelled-texts";
import type { Method } from "./method";

/** The part of an experiment to which a run belongs: fixed split, fold of a cross-validation, or learning curve. */
export type RunPart =
  | { readonly kind: "holdout" }
  | { readonly kind: "fold"; readonly repeat: number; readonly fold: number }
  | { readonly kind: "curve"; readonly trainSize: number };

/** One run of an experiment: a method, a seed, and the texts. */
export interface PlannedRun {
  readonly method: Method;
  readonly part: RunPart;
  readonly seed: number;
  readonly train: readonly LabelledText[];
  readonly validation: readonly LabelledText[];
  readonly test: readonly LabelledText[];
}

/** A run in a few words: "LoRA, seed 43", "LoRA, repeat 2, fold 1". */
export function runTitle({ method, part, seed }: Pick<PlannedRun, "method" | "part" | "seed">): string {
  switch (part.kind) {
    case "holdout":
      return `${method.name}, seed ${seed}`;
    case "fold":
      return `${method.name}, repeat ${part.repeat + 1}, fold ${part.fold + 1}`;
    case "curve":
      return `${method.name}, ${part.trainSize} texts, seed ${seed}`;
  }
}
