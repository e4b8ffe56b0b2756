import { number, path, toggle } from "./option-kinds";

/** Options of `tslora merge`: output and self-check. */
export const MERGE_OPTIONS = {
  output: { kind: path("folder"), short: "o", help: "the folder to write: config.json, model.safetensors, tokenizer" },
  overwrite: {
    kind: toggle(),
    help: "take a folder that holds files already; those of the same name are written over",
  },
  bound: {
    kind: number("difference"),
    help: "the largest difference of a logit that the self-check lets pass",
    default: "by the logits' size",
  },
} as const;
