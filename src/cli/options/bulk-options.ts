import { OUTPUT_FORMATS } from "../../jobs/prediction/output/output-format";
import { DRIVER_OPTIONS } from "./driver-options";
import { choice, integer, path, toggle, type OptionKind } from "./option-kinds";

/** Paths and patterns, each given by a flag of its own; a pattern may have commas. */
function patterns(): OptionKind<readonly string[]> {
  const one = path("files");
  return {
    metavar: "files",
    repeats: true,
    fromText: (given) => {
      const checked = one.fromText(given);
      return checked.ok ? { ...checked, value: [checked.value] } : checked;
    },
    fromValue: (value) => {
      const list: unknown[] = Array.isArray(value) ? value : [value];
      const values: string[] = [];
      for (const item of list) {
        const checked = one.fromValue(item);
        if (!checked.ok) return checked;
        values.push(checked.value);
      }
      return { ok: true, value: values };
    },
  };
}

/** Options of `tslora predict --input`: files of any size, in shards. */
export const BULK_OPTIONS = {
  input: {
    kind: patterns(),
    help: "files of texts, or a quoted pattern such as 'pubmed/*.xml.gz': PubMed XML, JSONL, CSV, TSV, Parquet, packed or not",
  },
  output: {
    kind: path("folder"),
    short: "o",
    help: "folder for predictions and checkpoints; the same command continues there",
  },
  outputFormat: { kind: choice(OUTPUT_FORMATS, "format"), help: `${OUTPUT_FORMATS.join(", ")}`, default: "jsonl" },
  cascade: {
    kind: toggle(),
    help: "let the cascade.json of tslora calibrate --cascade beside the weights decide which texts the encoder reads",
  },
  chunkRecords: {
    kind: integer(1),
    help: "records between two checkpoints",
    default: "1024; 16384 with --cascade",
  },
} as const;

const { store, workers, redis, slurm, sbatch } = DRIVER_OPTIONS;

/** Options of what runs the shards. */
export const BULK_DRIVER_OPTIONS = {
  store: { ...store, default: "the output folder" },
  workers,
  redis,
  slurm,
  sbatch,
} as const;
