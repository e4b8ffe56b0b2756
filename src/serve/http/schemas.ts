import { NAME_RULE } from "../serve-options";

/** A text, a pair of texts, or a batch of both, as text-embeddings-inference takes them. */
export type PredictInputs = string | readonly string[] | readonly (readonly string[])[];

/** The body of `POST /predict`. */
export interface PredictBody {
  readonly inputs: PredictInputs;
  readonly truncate?: boolean;
  readonly raw_scores?: boolean;
  readonly adapter?: string;
}

/** A label with its score. */
export interface Prediction {
  readonly label: string;
  readonly score: number;
}

const one = { type: "array", items: { type: "string" }, minItems: 1, maxItems: 2 } as const;

/** The sentence about `inputs`, in the schema and in errors. */
export const INPUTS_RULE =
  "a string, a pair [text, textPair], or a batch [[text], [text, textPair], ...]; a list of two strings is a pair";

const adapterName = {
  type: "string",
  description: `Name of the adapter; it ${NAME_RULE}.`,
} as const;

/** Schema of {@link PredictBody}; requests are validated by it, and the OpenAPI document shows it. */
export const PREDICT_BODY = {
  type: "object",
  required: ["inputs"],
  additionalProperties: false,
  properties: {
    inputs: {
      description: `The text or texts: ${INPUTS_RULE}.`,
      anyOf: [
        { type: "string", description: "A text" },
        { ...one, description: "A text, or a pair of texts" },
        { type: "array", items: one, description: "A batch of texts and pairs" },
      ],
    },
    truncate: {
      type: "boolean",
      default: false,
      description: "Whether to cut a text that has more tokens than max_input_length; else it is refused with 413.",
    },
    raw_scores: {
      type: "boolean",
      default: false,
      description: "Whether scores are logits; else they are probabilities.",
    },
    truncation_direction: {
      type: "string",
      enum: ["right", "Right"],
      description: "The end where texts are cut; text-embeddings-inference has this field.",
    },
    adapter: { ...adapterName, description: `${adapterName.description} Without one, the model itself predicts.` },
  },
} as const;

const PREDICTION = {
  type: "object",
  required: ["label", "score"],
  properties: { label: { type: "string" }, score: { type: "number" } },
} as const;

const predictions = {
  type: "array",
  items: PREDICTION,
  description: "Labels in descending order of their scores",
} as const;

/** Schema of an error. */
export const ERROR_ANSWER = {
  type: "object",
  description: "An error",
  required: ["error", "error_type"],
  properties: {
    error: { type: "string", description: "What was expected, and what was found" },
    error_type: {
      type: "string",
      enum: [
        "Unhealthy",
        "Backend",
        "Overloaded",
        "Validation",
        "Tokenizer",
        "Empty",
        "Timeout",
        "NotFound",
        "Forbidden",
        "Conflict",
      ],
    },
  },
} as const;

/** The answers of several statuses that are errors. */
export function errorAnswers(descriptions: Readonly<Record<number, string>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(descriptions).map(([status, description]) => [status, { ...ERROR_ANSWER, description }]),
  );
}

/** The answers of `POST /predict`. */
export const PREDICT_ANSWERS = {
  200: {
    description: "One list for a text or a pair, a list of such lists for a batch",
    anyOf: [predictions, { type: "array", items: predictions }],
  },
  ...errorAnswers({
    404: "There is no such adapter",
    408: "The request did not arrive in time",
    413: "The body, the batch or a text is too long",
    415: "The body is not JSON",
    422: "The input is invalid",
    424: "The model's process failed, or the adapter could not be loaded again when it was restarted",
    429: "The queue is full; Retry-After has the seconds to wait",
    503: "The server is draining, or the model is being loaded again; Retry-After has the seconds to wait",
    504: "No answer in time",
  }),
};

/** Schema of an adapter in `GET /info` and of the answer to `PUT /adapters/{name}`. */
export const ADAPTER_INFO = {
  type: "object",
  description: "An adapter",
  required: ["name", "labels", "problem_type", "takes_pairs", "shares_passes"],
  properties: {
    name: { type: "string" },
    labels: { type: "array", items: { type: "string" } },
    problem_type: { type: "string", enum: ["single_label_classification", "multi_label_classification"] },
    takes_pairs: { type: "boolean", description: "Whether each input must be a pair" },
    shares_passes: {
      type: "boolean",
      description: "Whether its texts share forward passes with those of other adapters",
    },
  },
} as const;

const count = { type: "integer", minimum: 0 } as const;

/** Schema of `GET /info`. */
export const INFO = {
  type: "object",
  description: "The model, its adapters and the limits",
  required: ["model_id", "version", "max_input_length", "max_batch_tokens", "max_client_batch_size", "adapters"],
  properties: {
    model_id: { type: "string" },
    model_dtype: { type: "string", description: "Numbers that predictions are computed with: float32 or int8" },
    model_type: {
      type: "object",
      properties: {
        classifier: {
          type: "object",
          properties: {
            id2label: { type: "object", additionalProperties: { type: "string" } },
            label2id: { type: "object", additionalProperties: { type: "integer" } },
          },
        },
      },
    },
    classifies_without_adapter: { type: "boolean" },
    max_input_length: count,
    max_batch_tokens: count,
    max_client_batch_size: count,
    max_queue: count,
    payload_limit: count,
    version: { type: "string" },
    adapters: { type: "array", items: ADAPTER_INFO },
  },
} as const;

/** Schema of the path of an adapter. */
export const ADAPTER_PATH = {
  type: "object",
  required: ["name"],
  properties: { name: { type: "string", pattern: "^[A-Za-z0-9_-]{1,64}$", description: adapterName.description } },
} as const;

/** Schema of the body of `PUT /adapters/{name}`. */
export const ADAPTER_BODY = {
  type: "object",
  required: ["folder"],
  additionalProperties: false,
  properties: {
    folder: {
      type: "string",
      minLength: 1,
      maxLength: 4096,
      description: "The adapter's folder, in the server's adapter directory: relative to it, or a whole path.",
    },
  },
} as const;
