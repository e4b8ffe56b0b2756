import type { LibraryCommand } from "../library-command";
import { PULL_OPTIONS } from "../options/push-options";
import { GENERAL_OPTIONS } from "../options/shared-options";

export const pullCommand: LibraryCommand = {
  name: "pull",
  description: "Fetch a model, or an adapter with its base, from the Hugging Face Hub into its cache",
  arguments: [{ pattern: "<name>", help: "owner/name, or owner/name@revision" }],
  groups: [
    { title: "Source", options: PULL_OPTIONS },
    { title: "General", options: GENERAL_OPTIONS },
  ],
  examples: [
    { command: "pull me/reviews", does: "an adapter and its base; prints their folders" },
    { command: "pull me/reviews@v2 --json", does: "the branch or tag v2, for a program" },
  ],
  notes:
    "The cache is huggingface_hub's (HF_HOME, HF_HUB_CACHE), so Python finds the files there too. A private or gated repository needs a token: that of HF_TOKEN, or of `hf auth login`. HF_ENDPOINT names another Hub; with HF_HUB_OFFLINE the cache must hold the repository.",
  run: async (call) => (await import("./run-pull.js")).runPull(call),
};
