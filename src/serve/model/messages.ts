import type { MixedDocument } from "../../classifier/mixed-predictor";
import type { PredictionPrecision } from "../../classifier/precisions";
import type { PrecisionReport } from "../../classifier/set-precision";
import type { DeviceOptions } from "../../device/device";
import type { ProblemType } from "../../model/encoder-config";
import type { TsloraErrorCode } from "../../base/tslora-error";

/** The model that the model's process loads. */
export interface LoadMessage extends DeviceOptions {
  readonly kind: "load";
  readonly model: string;
  readonly labels: readonly string[];
  readonly newHead: boolean;
  readonly maxLength: number;
  readonly problemType: ProblemType | undefined;
  readonly precision: PredictionPrecision;
}

/** A request to the model's process. It answers in the order of the requests. */
export type ModelRequest =
  | LoadMessage
  | { readonly kind: "add"; readonly name: string; readonly directory: string }
  | { readonly kind: "remove"; readonly name: string }
  | { readonly kind: "predict"; readonly documents: readonly MixedDocument[] };

/** The model, once it is loaded. */
export interface LoadedModel {
  readonly labels: readonly string[];
  readonly problemType: ProblemType;
  readonly takesPairs: boolean;
  /** Whether the model classifies without an adapter. */
  readonly hasTrainedBase: boolean;
  /** The device, in a sentence. */
  readonly device: string;
  /** The numbers that predictions are computed with. */
  readonly dtype: PrecisionReport["used"];
  /** The precision, in a sentence; empty for 32-bit floats. */
  readonly precision: string;
}

/** The results of the requests, by kind. */
export interface ModelResults {
  readonly load: LoadedModel;
  readonly add: {
    readonly ignored: readonly string[];
    readonly takesPairs: boolean;
    readonly alone: string | undefined;
  };
  readonly remove: undefined;
  /** Logits row by row: [documents, labels]. */
  readonly predict: Float32Array;
}

/** An answer of the model's process. */
export type ModelReply = { readonly id: number; readonly rss: number } & (
  | { readonly ok: true; readonly value: ModelResults[keyof ModelResults] }
  | { readonly ok: false; readonly code: TsloraErrorCode | undefined; readonly message: string }
);
