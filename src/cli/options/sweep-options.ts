import { isRecord, type JsonRecord } from "../../base/json";
import { TRAINING_METHODS } from "../../classifier/training-method";
import { METRIC_NAMES } from "../../training/options/train-options";
import { choice, integer, list, path, text, toggle, type OptionKind } from "./option-kinds";
import { DRIVER_OPTIONS } from "./driver-options";
import { TRAIN_MODEL_OPTIONS } from "./train-run-options";
import type { OptionTable } from "./option-table";

/** A mapping of a sweep's file; the library checks its entries. */
function mapping(expected: string): OptionKind<JsonRecord> {
  const fromValue = (value: unknown): ReturnType<OptionKind<JsonRecord>["fromValue"]> =>
    isRecord(value) ? { ok: true, value } : { ok: false, path: "", expected, got: value };
  return { metavar: "mapping", repeats: false, fromText: fromValue, fromValue };
}

/** Flags of `tslora sweep`. */
export const SWEEP_FLAGS = {
  outputDir: {
    kind: path("folder"),
    short: "o",
    help: "folder for the journal, the report and the winner's adapter",
    default: "the sweep's name in output/sweeps in the clone",
  },
  resume: { kind: toggle(), help: "go on with the sweep in the output folder; limits and workers may change" },
  trials: { kind: integer(1), help: "most trials, those of earlier calls included", default: "the file's, or 40" },
  ...DRIVER_OPTIONS,
} as const satisfies OptionTable;

const { model, labels, maxLength, device } = TRAIN_MODEL_OPTIONS;

/** Keys of a sweep's file, besides those of data and of their parts. */
export const SWEEP_FILE_OPTIONS = {
  name: { kind: text("name"), help: "name of the sweep" },
  model,
  labels,
  maxLength,
  device,
  method: { kind: choice(TRAINING_METHODS), help: "what is trained" },
  adapter: { kind: mapping("options of an adapter by name"), help: "options of the adapter that all trials share" },
  training: { kind: mapping("options of training by name"), help: "options of training that all trials share" },
  space: { kind: mapping("settings with their ranges"), help: "the settings to search" },
  sampler: { kind: mapping("a sampler's name and options"), help: "tpe, random or grid" },
  pruner: { kind: mapping("a pruner's name and options"), help: "asha or none" },
  metric: { kind: choice(METRIC_NAMES), help: "metric of the validation texts" },
  direction: { kind: choice(["maximize", "minimize"]), help: "of the metric" },
  seeds: { kind: list(integer(0), "seeds"), help: "seeds of each trial" },
  seed: { kind: integer(0), help: "seed of the sampler" },
  limits: { kind: mapping("trials and seconds"), help: "when the search ends" },
  winnerSeeds: { kind: integer(0), help: "new seeds of the winner" },
  reportTo: { kind: choice(["none", "mlflow"]), help: "also log to MLflow" },
  outputDir: { kind: path("folder"), help: "output folder" },
} as const satisfies OptionTable;
