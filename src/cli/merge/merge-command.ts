import { MERGE_OPTIONS } from "../options/merge-options";
import { GENERAL_OPTIONS, MODEL_OPTIONS } from "../options/shared-options";
import type { LibraryCommand } from "../library-command";

const { model, adapter, labels } = MODEL_OPTIONS;

export const mergeCommand: LibraryCommand = {
  name: "merge",
  description: "Merge an adapter into its base's weights and write a Hugging Face folder",
  groups: [
    { title: "Model", options: { model: { ...model, default: "the base that the adapter names" }, adapter, labels } },
    { title: "Result", options: MERGE_OPTIONS },
    { title: "General", options: GENERAL_OPTIONS },
  ],
  examples: [
    { command: "merge --adapter output/adapter --output output/merged", does: "on the base that the adapter names" },
    {
      command: "merge --model ./my-bert --adapter output/adapter --output output/merged --overwrite --json",
      does: "JSON for a program, into an existing folder",
    },
  ],
  notes:
    "Before it writes anything, merge compares the logits with the adapter and with the merged weights on a fixed batch, and prints the largest difference.",
  run: async (call) => (await import("./run-merge.js")).runMerge(call),
};
