import { number, path, toggle } from "./option-kinds";

/** Options of `tslora merge`: output and self-check. */
export const MERGE_OPTIONS = {
  output: {
    kind: path("folder"),
    short: "o",
    help: "the folder to write: config.json, model.safetensors, tokenizer, model card",
  },
  overwrite: {
    kind: toggle(),
    help: "allow a folder that holds files; files of the same name are overwritten",
  },
  bound: {
    kind: number("difference"),
    help: "the largest difference of a logit that the self-check allows",
    default: "by the size of the logits",
  },
} as const;
