import { text, toggle } from "./option-kinds";

/** Options of `tslora push`: the names of huggingface_hub's `upload_folder`. */
export const PUSH_OPTIONS = {
  revision: {
    kind: text("branch"),
    help: "branch, or pull request such as refs/pr/3; a missing branch is made from main",
    default: "main",
  },
  createPr: { kind: toggle(), help: "open a pull request instead of changing the branch" },
  private: { kind: toggle(), help: "make a new repository private" },
  commitMessage: { kind: text("text"), help: "message of the commit", default: "Upload with tslora" },
  commitDescription: { kind: text("text"), help: "text below the message" },
  dryRun: { kind: toggle(), help: "print what would be sent, and send nothing; needs no token" },
} as const;

/** Options of `tslora pull`. */
export const PULL_OPTIONS = {
  revision: { kind: text("name"), help: "branch, tag or commit, instead of NAME@revision", default: "main" },
} as const;
