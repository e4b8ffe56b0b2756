import { DEFAULT_SEED } from "../../base/default-seed";
import { DEVICES } from "../../device/device";
import { choice, either, integer, list, mapped, number, path, text, toggle, type OptionKind } from "./option-kinds";

/** Sources of options, and the form of the output. */
export const GENERAL_OPTIONS = {
  config: {
    kind: path("file"),
    help: "options from a YAML or JSON file, keys as the flags or in camelCase; flags win",
  },
  json: { kind: toggle(), help: "print JSON for programs" },
} as const;

const labels = list(text("name", "a name"), "names");

/** Options of the device. */
export const DEVICE_OPTIONS = {
  device: {
    kind: choice(DEVICES, "device"),
    help: "auto, cuda, cpu or webgpu; one asked for by name is used or is an error",
    default: "auto: the NVIDIA GPU where TensorFlow uses one, else the processor",
  },
  requireGpu: { kind: toggle(), help: "no GPU is an error" },
} as const;

/** The model. */
export const MODEL_OPTIONS = {
  model: { kind: path("model"), help: "auto, embedded, a folder, or a name on the Hugging Face Hub" },
  adapter: { kind: path("folder"), help: "a LoRA adapter in peft's format" },
  labels: {
    kind: labels,
    help: "the classes' names, by number, separated by commas",
    default: "those of the model, or of the data",
  },
  maxLength: {
    kind: integer(),
    help: "tokens that a text is cut to",
    default: "512, or what the model has positions for",
  },
  ...DEVICE_OPTIONS,
} as const;

/** The texts. */
export const DATA_OPTIONS = {
  data: {
    kind: path("source"),
    help: "auto, sample, pubmed, or the path of a Dataset.zip, folder, CSV, TSV, JSONL or JSON file",
  },
  textColumn: { kind: text("name"), help: "a table's column of texts", default: "texts or text" },
  labelColumn: { kind: text("name"), help: "a table's column of labels", default: "label" },
  idColumn: {
    kind: text("name"),
    help: "a table's column of IDs, or none to number the rows",
    default: "ID, id, PMID or pmid, if its values do not repeat",
  },
  delimiter: {
    kind: text("character"),
    help: "what separates a CSV file's cells; \\t or tab is a tab",
    default: "a comma; in .tsv a tab",
  },
  quotes: {
    kind: toggle(),
    libraryKey: "quote",
    help: "read quoted cells of CSV",
    off: "take quotes in CSV for plain characters, as in GLUE's files",
    default: "on",
  },
  onBadEntry: {
    kind: choice(["refuse", "report"]),
    help: "whether a row that cannot be used stops all, or is left out and named",
    default: "refuse",
  },
  cleanTexts: { kind: toggle(), help: "clean texts as the study does (default: in the study's format alone)" },
} as const;

/** A part of the data: a share of it, a number of rows, a file of its own, or none. */
export type PartOfData =
  | { readonly kind: "share"; readonly share: number }
  | { readonly kind: "path"; readonly path: string }
  | { readonly kind: "none" };

function part(): OptionKind<PartOfData> {
  const share = mapped(number("share"), (value): PartOfData => ({ kind: "share", share: value }));
  const file = mapped(path("path"), (value): PartOfData =>
    value === "none" ? { kind: "none" } : { kind: "path", path: value },
  );
  return { ...either(share, file, "a share, a number of texts, a path, or none"), metavar: "share|path" };
}

/** The defaults of {@link SPLIT_OPTIONS}; `part` is the share of the data that each of validation and test takes. */
export const SPLIT_DEFAULTS = { part: 0.2, stratify: false, randomState: DEFAULT_SEED } as const;

/** The split of the data for training. */
export const SPLIT_OPTIONS = {
  validation: {
    kind: part(),
    help: "texts to choose the best weights by: a share of the data, a number of them, a file, or none",
    default: String(SPLIT_DEFAULTS.part),
  },
  test: { kind: part(), help: "texts to score the end by", default: String(SPLIT_DEFAULTS.part) },
  stratify: { kind: toggle(), help: "draw shares so that each has the data's proportions of labels" },
  randomState: {
    kind: integer(0),
    help: "seed of the split, as scikit-learn's random_state",
    default: String(SPLIT_DEFAULTS.randomState),
  },
} as const;
