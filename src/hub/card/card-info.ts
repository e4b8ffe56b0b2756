/** An interval of a metric. */
export interface CardInterval {
  readonly low: number;
  readonly high: number;
}

/** Scores on one set of texts, as `evaluate` and `evaluateMultiLabel` return them. */
export interface CardEvaluation {
  readonly n: number;
  readonly accuracy: number;
  readonly accuracyInterval?: CardInterval;
  readonly rocAuc?: number | null;
  readonly averagePrecision?: number | null;
  readonly hammingLoss?: number;
  readonly f1Micro?: number;
  readonly f1Macro?: number;
  readonly perLabel: readonly {
    readonly name: string;
    readonly precision: number;
    readonly recall: number;
    readonly f1: number;
    readonly support: number;
    /** The interval of the recall. */
    readonly accuracyInterval?: CardInterval | null;
  }[];
  /** [true label, predicted label] */
  readonly confusionMatrix?: readonly (readonly number[])[];
}

/** The data of a run. */
export interface CardData {
  /** The data's name, without a path. */
  readonly name: string;
  /** The source's hash in hexadecimal. */
  readonly sha256?: string;
  /** Its source: zip, csv, pubmed, and so on. */
  readonly kind?: string;
  /** Number of texts in each part. */
  readonly texts?: { readonly train: number; readonly validation?: number; readonly test?: number };
}

/** Content of a model card. A fact that is missing is not in the card. */
export interface ModelCardInfo {
  /** The base model's name on the Hub, or its folder. */
  readonly baseModel: string;
  /** `merged`: an adapter that was merged into its base's weights. */
  readonly method: "lora" | "head" | "full" | "merged";
  /** Training data, or their name; undefined if no record names them. */
  readonly data?: string | CardData;
  /** The training's seed; undefined if no record names it. */
  readonly seed?: number;
  readonly labels: readonly string[];
  /** Metrics on the test set, with 95% intervals, if there is no evaluation. */
  readonly metrics?: readonly {
    readonly name: string;
    readonly value: number;
    readonly interval?: CardInterval;
  }[];
  /** The test set's evaluations: after training, before it, and of the baseline. */
  readonly after?: CardEvaluation;
  readonly before?: CardEvaluation;
  readonly baseline?: CardEvaluation;
  /** The validation set's evaluation after training. */
  readonly validation?: CardEvaluation;
  /** Settings of the training by name, in camelCase; undefined ones are left out. */
  readonly training?: Readonly<Record<string, unknown>>;
  /** Settings of the adapter by name. */
  readonly adapter?: Readonly<Record<string, unknown>>;
  readonly trainableParameters?: { readonly trainable: number; readonly all: number };
  /** Tokens that a text is cut to. */
  readonly maxLength?: number;
  /** The optimizer's steps, and the one whose weights were kept. */
  readonly steps?: { readonly done: number; readonly best?: number };
  /** Seconds of training. */
  readonly elapsed?: number;
  /** The device's name. */
  readonly device?: string;
  /** Caution about results on these data. */
  readonly banner?: string;
  /** Warnings of the run about its texts, such as texts that two parts have in common. */
  readonly warnings?: readonly string[];
  /** Whether a text has one label, or any number of them. */
  readonly problemType?: "single_label_classification" | "multi_label_classification";
}
