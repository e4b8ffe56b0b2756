import { INSPECT_OPTIONS } from "../options/inspect-options";
import { GENERAL_OPTIONS } from "../options/shared-options";
import { LORA_OPTIONS } from "../options/lora-options";
import type { LibraryCommand } from "../library-command";

export const inspectCommand: LibraryCommand = {
  name: "inspect",
  description: "List the content of a model, an adapter, a checkpoint or a file of weights",
  arguments: [
    {
      pattern: "<paths...>",
      help: "folders, .safetensors and .bin files, names on the Hugging Face Hub, auto, embedded or mpnet",
    },
  ],
  groups: [
    { title: "What to show", options: INSPECT_OPTIONS },
    { title: "LoRA, for what would be trained", options: LORA_OPTIONS },
    { title: "General", options: GENERAL_OPTIONS },
  ],
  examples: [
    {
      command: "inspect embedded",
      does: "the encoder that set-up installs: sizes, configuration, what LoRA would train",
    },
    { command: "inspect output/adapter --tensors", does: "an adapter: its base, its configuration, each tensor" },
    {
      command: "inspect ./my-bert --r 16 --target-modules all-linear",
      does: "how many weights that adapter would train",
    },
    { command: "inspect model.safetensors --json", does: "a file's tensors for a program" },
  ],
  run: async (call) => (await import("./run-inspect.js")).runInspect(call),
};
