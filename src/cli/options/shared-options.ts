import { DEFAULT_SEED } from "../../base/default-seed";
import { PRECISIONS } from "../../classifier/precisions";
import { DEVICES } from "../../device/device";
import { choice, either, integer, list, mapped, number, path, text, toggle, type OptionKind } from "./option-kinds";

/** Source of options, and format of the output. */
export const GENERAL_OPTIONS = {
  config: {
    kind: path("file"),
    help: "YAML or JSON file of options, with keys like the flags or in camelCase; flags win",
  },
  json: { kind: toggle(), help: "print JSON for programs" },
} as const;

const labels = list(text("name", "a name"), "names");

/** Options of the device. */
export const DEVICE_OPTIONS = {
  device: {
    kind: choice(DEVICES, "device"),
    help: "auto, cuda, cpu or webgpu; a named device is used or is an error",
    default: "auto: the NVIDIA GPU if TensorFlow can use it, else the CPU",
  },
  requireGpu: { kind: toggle(), help: "fail if there is no GPU" },
} as const;

/** Numbers that predictions are computed with. */
export const PRECISION_OPTIONS = {
  precision: {
    kind: choice(PRECISIONS, "precision"),
    help: "float32, bf16 (not used: it brings nothing) or int8: weights and activations of linear layers in 8 bits, on the CPU",
    default: "float32",
  },
} as const;

/** The model. */
export const MODEL_OPTIONS = {
  model: { kind: path("model"), help: "auto, embedded, mpnet, a folder, or a name on the Hugging Face Hub" },
  adapter: {
    kind: path("adapter"),
    help: "a LoRA adapter in peft's format: a folder, or owner/name[@revision] on the Hub",
  },
  labels: {
    kind: labels,
    help: "names of the classes in order, separated by commas",
    default: "those of the model, or of the data",
  },
  maxLength: {
    kind: integer(),
    help: "longest text in tokens; longer ones are truncated",
    default: "512, or the number of positions of the model if smaller",
  },
  ...DEVICE_OPTIONS,
} as const;

/** The texts. */
export const DATA_OPTIONS = {
  data: {
    kind: path("source"),
    help: "auto, sample, pubmed, or the path of a Dataset.zip, folder, CSV, TSV, JSONL or JSON file",
  },
  textColumn: { kind: text("name"), help: "column of the texts in a table", default: "texts or text" },
  textPair: {
    kind: text("name"),
    help: "column of a second text in a table, for pairs of texts, such as questions and answers",
    default: "single texts",
  },
  labelColumn: {
    kind: text("name"),
    help: "column of the labels in a table, or of lists of labels",
    default: "label; labels or label for lists",
  },
  multiLabel: {
    kind: toggle(),
    help: "a text may have several labels, or none: lists of labels in JSON, or --label-columns",
  },
  labelColumns: {
    kind: list(text("name", "a name"), "names"),
    help: "columns of 0 and 1 in a table, one for each label that a text may have",
  },
  idColumn: {
    kind: text("name"),
    help: "column of the IDs in a table, or none to number the rows",
    default: "ID, id, PMID or pmid, if its values do not repeat",
  },
  delimiter: {
    kind: text("character"),
    help: "separator of the cells in CSV; \\t or tab is a tab",
    default: "a comma; a tab in .tsv",
  },
  quotes: {
    kind: toggle(),
    libraryKey: "quote",
    help: "read quoted cells of CSV",
    off: "read quotes in CSV as plain characters, as in GLUE's files",
    default: "on",
  },
  onBadEntry: {
    kind: choice(["refuse", "report"]),
    help: "refuse stops at a row that cannot be used, report leaves it out and names it",
    default: "refuse",
  },
  cleanTexts: { kind: toggle(), help: "clean texts as the study does (default: only data in the study's format)" },
} as const;

/** A part of the data: a share, a number of rows, a separate file, or none. */
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

/** The defaults of {@link SPLIT_OPTIONS}; `part` is the share of the data for each of validation and test. */
export const SPLIT_DEFAULTS = { part: 0.2, stratify: false, randomState: DEFAULT_SEED } as const;

/** The split of the data for training. */
export const SPLIT_OPTIONS = {
  validation: {
    kind: part(),
    help: "texts for choosing the best weights: a share of the data, a number of texts, a file, or none",
    default: String(SPLIT_DEFAULTS.part),
  },
  test: { kind: part(), help: "texts for the final evaluation", default: String(SPLIT_DEFAULTS.part) },
  stratify: {
    kind: toggle(),
    help: "keep the data's proportions of labels in each part; sizes may differ a little if a text may have several",
  },
  groupColumn: {
    kind: text("name"),
    help: "column of values that related texts share, such as a patient: no group is divided; --validation and --test then count groups",
  },
  randomState: {
    kind: integer(0),
    help: "seed of the split, as scikit-learn's random_state",
    default: String(SPLIT_DEFAULTS.randomState),
  },
} as const;
