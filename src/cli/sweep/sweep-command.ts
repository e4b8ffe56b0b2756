import { GENERAL_OPTIONS } from "../options/shared-options";
import { SWEEP_FLAGS } from "../options/sweep-options";
import type { LibraryCommand } from "../library-command";

export const sweepCommand: LibraryCommand = {
  name: "sweep",
  description: "Search the settings of a training, and train the best with new seeds",
  arguments: [{ pattern: "<file>", help: "YAML or JSON file of the sweep, see notebooks/sweep.yaml" }],
  groups: [
    { title: "Sweep", options: SWEEP_FLAGS },
    { title: "General", options: { json: { ...GENERAL_OPTIONS.json, help: "print events as JSON, one in a line" } } },
  ],
  examples: [
    { command: "sweep notebooks/sweep.yaml", does: "the sample sweep, as many trials at once as memory allows" },
    { command: "sweep sweep.yaml --resume --trials 80", does: "go on after an interruption, with more trials" },
    { command: "sweep sweep.yaml --workers 2 --json", does: "two trials at once; events for programs" },
  ],
  notes:
    "Ctrl-C stops with checkpoints. The output folder holds optuna-journal.log, which optuna.load_study and optuna-dashboard read while the sweep runs; sweep.json, the report; and the winner's adapter.",
  run: async (call) => (await import("./run-sweep.js")).runSweep(call),
};
