import { TRAINING_METHODS } from "../../classifier/training-method";
import { MODEL_OPTIONS } from "./shared-options";
import { choice, toggle } from "./option-kinds";

/** Options of `tslora inspect`: output. */
export const INSPECT_OPTIONS = {
  tensors: { kind: toggle(), help: "list every tensor with its type and shape" },
  trainable: {
    kind: toggle(),
    help: "show which weights training would change",
    off: "do not show which weights training would change; this avoids loading the model",
    default: "on",
  },
  method: { kind: choice(TRAINING_METHODS), help: "the method of that training", default: "lora" },
  labels: MODEL_OPTIONS.labels,
} as const;
