import type { JsonValue } from "../../base/json";
import { DEVICES } from "../../device/device";
import { RECORD_KINDS, type RecordKind } from "../../corpus/records/read-records";
import { OUTPUT_FORMATS, type OutputFormat } from "./output/output-format";

/** The classifier of a prediction, as each worker opens it. */
export interface PredictionModel {
  /** A name that `resolveModel` takes, or a folder. */
  readonly model: string;
  /** A folder of an adapter in peft's format. */
  readonly adapter?: string;
  readonly labels: readonly string[];
  readonly maxLength?: number;
  readonly problemType?: "single_label_classification" | "multi_label_classification";
  readonly device?: "auto" | "cuda" | "cpu" | "webgpu";
  /** @default 32-bit floats */
  readonly precision?: "int8";
  /** Whether the `calibration.json` beside the weights is used. */
  readonly calibrated: boolean;
  /** Digest of the files of model and adapter, by `modelHash`; a worker with other files refuses the job. */
  readonly modelHash: string;
}

/** Settings of reading and predicting texts; the same for all shards. */
export interface PredictionChoices extends PredictionModel {
  readonly textColumn?: string;
  readonly textPair?: string;
  readonly idColumn?: string;
  readonly delimiter?: string;
  readonly quote?: boolean;
  /** Whether texts are cleaned as the study does. @default PubMed's alone */
  readonly cleanTexts?: boolean;
  /** Probability of the second label from which it is predicted. */
  readonly threshold?: number;
  readonly maxTokensPerPass?: number;
  /** Records between two checkpoints. */
  readonly chunkRecords: number;
  readonly outputFormat: OutputFormat;
}

/**
 * Settings of a job `predict-shard`. Its inputs: the file of texts, then the list of superseded records if
 * `superseded`, then the cascade if `cascade`.
 */
export interface PredictionSettings extends PredictionChoices {
  readonly kind: RecordKind;
  /** The file's name in reports. */
  readonly file: string;
  /** Number of records, where it is known; for progress. */
  readonly records?: number;
  /** Lines before the range of bytes, of JSON Lines. */
  readonly rowsBefore?: number;
  /** Rows of Parquet. */
  readonly rowStart?: number;
  readonly rowEnd?: number;
  readonly superseded?: boolean;
  readonly cascade?: boolean;
  /** Index of the cascade's positive label. */
  readonly positive?: 0 | 1;
}

const TEXT = { type: "string", minLength: 1 } as const;
const COUNT = { type: "integer", minimum: 0 } as const;
const LEAST_ONE = { type: "integer", minimum: 1 } as const;
const SWITCH = { type: "boolean" } as const;

/** JSON schema of {@link PredictionSettings}. */
export const PREDICTION_SCHEMA: { readonly [key: string]: JsonValue } = {
  type: "object",
  additionalProperties: false,
  required: ["model", "labels", "calibrated", "modelHash", "chunkRecords", "outputFormat", "kind", "file"],
  properties: {
    model: TEXT,
    adapter: TEXT,
    labels: { type: "array", items: { type: "string" }, minItems: 2 },
    maxLength: { type: "integer", minimum: 2 },
    problemType: { enum: ["single_label_classification", "multi_label_classification"] },
    device: { enum: DEVICES },
    precision: { enum: ["int8"] },
    calibrated: SWITCH,
    modelHash: { type: "string", pattern: "^[0-9a-f]{64}$" },
    textColumn: TEXT,
    textPair: TEXT,
    idColumn: TEXT,
    delimiter: TEXT,
    quote: SWITCH,
    cleanTexts: SWITCH,
    threshold: { type: "number", minimum: 0, maximum: 1 },
    maxTokensPerPass: LEAST_ONE,
    chunkRecords: LEAST_ONE,
    outputFormat: { enum: OUTPUT_FORMATS },
    kind: { enum: RECORD_KINDS },
    file: TEXT,
    records: COUNT,
    rowsBefore: COUNT,
    rowStart: COUNT,
    rowEnd: COUNT,
    superseded: SWITCH,
    cascade: SWITCH,
    positive: { enum: [0, 1] },
  },
};
