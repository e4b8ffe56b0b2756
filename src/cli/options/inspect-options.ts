import { MODEL_OPTIONS } from "./shared-options";
import { choice, toggle } from "./option-kinds";

/** Options of `tslora inspect`: output. */
export const INSPECT_OPTIONS = {
  tensors: { kind: toggle(), help: "list every tensor with its type and shape" },
  trainable: {
    kind: toggle(),
    help: "say what training would change",
    off: "do not say what training would change, which loads the model",
    default: "on",
  },
  method: { kind: choice(["lora", "full"]), help: "how it would be trained", default: "lora" },
  labels: MODEL_OPTIONS.labels,
} as const;
