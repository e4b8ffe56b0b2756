import type { JsonValue } from "../../../base/json";
import { METRIC_NAMES, type MetricName } from "../../../training/options/train-options";

/** Settings of a job of the type `train-trial`: everything but the texts and the seed that decides its weights. */
export interface TrialJobSettings {
  /** "embedded", a folder, or a name on the Hub, on the worker's machine. */
  readonly model: string;
  /** SHA-256 of the model's files, so that all workers train the same model. */
  readonly modelSha256: string;
  readonly labels: readonly string[];
  readonly problemType: "single_label_classification" | "multi_label_classification";
  readonly method: "lora" | "head" | "full";
  readonly maxLength?: number;
  readonly device?: "auto" | "cuda" | "cpu" | "webgpu";
  /** Options of `addAdapter`. */
  readonly adapter: { readonly [key: string]: JsonValue };
  /** Options of `train` that are plain values. */
  readonly training: { readonly [key: string]: JsonValue };
  readonly metric: MetricName;
  /** Whether the result holds the adapter, or with "full" the model. */
  readonly keepWeights: boolean;
}

/** JSON schema (draft 2020-12) of {@link TrialJobSettings}. */
export const TRIAL_SETTINGS_SCHEMA: { readonly [key: string]: JsonValue } = {
  type: "object",
  additionalProperties: false,
  required: ["model", "modelSha256", "labels", "problemType", "method", "adapter", "training", "metric", "keepWeights"],
  properties: {
    model: { type: "string", minLength: 1, maxLength: 4096 },
    modelSha256: { type: "string", pattern: "^[0-9a-f]{64}$" },
    labels: { type: "array", minItems: 2, maxItems: 10000, items: { type: "string" } },
    problemType: { enum: ["single_label_classification", "multi_label_classification"] },
    method: { enum: ["lora", "head", "full"] },
    maxLength: { type: "integer", minimum: 2 },
    device: { enum: ["auto", "cuda", "cpu", "webgpu"] },
    adapter: { type: "object" },
    training: {
      type: "object",
      // The worker sets these; a document cannot make it write or read elsewhere.
      not: {
        anyOf: [
          "outputDir",
          "resumeFrom",
          "frozenPrefixCacheDir",
          "reportTo",
          "train",
          "validation",
          "signal",
          "seed",
        ].map((key) => ({ required: [key] })),
      },
    },
    metric: { enum: [...METRIC_NAMES] },
    keepWeights: { type: "boolean" },
  },
};
