import type { LibraryCommand } from "../library-command";
import { PUSH_OPTIONS } from "../options/push-options";
import { GENERAL_OPTIONS } from "../options/shared-options";

export const pushCommand: LibraryCommand = {
  name: "push",
  description: "Push an adapter or a model, its tokenizer and its card to the Hugging Face Hub",
  arguments: [
    { pattern: "<folder>", help: "the folder of a saved adapter or model" },
    { pattern: "<name>", help: "the repository, as owner/name; made if it does not exist" },
  ],
  groups: [
    { title: "Target", options: PUSH_OPTIONS },
    { title: "General", options: GENERAL_OPTIONS },
  ],
  examples: [
    { command: "push output/train/adapter me/reviews --dry-run", does: "lists the files, and sends nothing" },
    { command: "push output/train/adapter me/reviews --private", does: "a private repository, made if it is new" },
    { command: "push merged you/reviews --create-pr", does: "a pull request for another's repository" },
  ],
  notes:
    "The token is that of HF_TOKEN, or of `hf auth login`; it must be allowed to write. Checkpoints, optimizer states and unknown files are not sent. Files that the repository has already are not sent again, so the same command resumes an interrupted push. HF_ENDPOINT names another Hub.",
  run: async (call) => (await import("./run-push.js")).runPush(call),
};
