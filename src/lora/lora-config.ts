/** Options of peft's `LoraConfig`, in camelCase. */
export interface LoraConfig {
  /**
   * Rank of the update.
   * @default 8
   */
  readonly r?: number;
  /**
   * The update is scaled by loraAlpha / r.
   * @default 2 * r
   */
  readonly loraAlpha?: number;
  /**
   * Dropout on the input of A, in training.
   * @default 0.1
   */
  readonly loraDropout?: number;
  /**
   * Linear layers to adapt: names (the whole name, or the part after a dot), a pattern (a regular expression that
   * matches whole names), "all-linear" (all except those in `modulesToSave` and the head), or "auto" (query and value).
   * @default "auto"
   */
  readonly targetModules?: "auto" | "all-linear" | readonly string[] | RegExp | (string & {});
  /** Exceptions from `targetModules`: names or a pattern. */
  readonly excludeModules?: readonly string[] | RegExp | string;
  /**
   * Modules besides the head that are fully trained and saved with the adapter, by the end of their names: linear
   * layers, layer norms and embeddings, e.g. `["word_embeddings", "pooler.dense"]`, or modules that contain them, e.g.
   * `["bert.embeddings"]`. The adapter owns copies of them, as of the head. As in PyTorch, the pad token's row gets no
   * gradient.
   */
  readonly modulesToSave?: readonly string[];
  /**
   * Biases that are trained: none, those of the adapted layers, or all. At most one adapter of a model may train
   * biases.
   * @default "none"
   */
  readonly bias?: LoraBias;
  /**
   * Scale by loraAlpha / sqrt(r) (Kalajdzievski, "A Rank Stabilization Scaling Factor for Fine-Tuning with LoRA",
   * 2023).
   * @default false
   */
  readonly useRslora?: boolean;
  /**
   * Train magnitude and direction separately (Liu et al., "DoRA: Weight-Decomposed Low-Rank Adaptation", 2024).
   * @default false
   */
  readonly useDora?: boolean;
  /** Ranks of single layers. A pattern matches the end of a layer's name, from a dot on; the first match counts. */
  readonly rankPattern?: Readonly<Record<string, number>>;
  /** `loraAlpha` of single layers, with patterns as in `rankPattern`. */
  readonly alphaPattern?: Readonly<Record<string, number>>;
  /**
   * Indices of the layers to adapt, from 0; all layers if it is not given. Not allowed if `targetModules` is a pattern.
   */
  readonly layersToTransform?: number | readonly number[];
  /** The name before a layer's index, e.g. "layer". If it is not given, the first number in a name is the index. */
  readonly layersPattern?: string | readonly string[];
  /**
   * Initialization of A and B. `true`: A uniform, B 0. "gaussian": A normal with standard deviation 1 / r, B 0.
   * `false`: both uniform, which changes the logits before training. "pissa": the r largest singular values and vectors
   * of the weight (Meng et al., "PiSSA", 2024). "olora": the first r columns of its QR decomposition (Büyükakyüz,
   * "OLoRA", 2024). Both subtract the initial update from the weight while the adapter is active. "eva": the directions
   * that explain most of the variance of the layers' inputs (Paischer et al., "Explained Variance Adaptation", 2024),
   * with ranks distributed over the layers; call `initializeLoraEvaWeights` with the training texts after `addAdapter`.
   * @default true
   */
  readonly initLoraWeights?: InitLoraWeights;
  /** Options of `initLoraWeights` "eva". */
  readonly evaConfig?: EvaConfig;
}

/** Options of peft's `EvaConfig`, in camelCase. (Its label mask is for language models.) */
export interface EvaConfig {
  /**
   * A layer has at most rho times its rank; 1 means that ranks stay as they are.
   * @default 2
   */
  readonly rho?: number;
  /**
   * A direction has converged if its cosine similarity to that of one batch before is at least this.
   * @default 0.99
   */
  readonly tau?: number;
  /**
   * Divide each direction by the square root of its singular value. (peft 0.21 does so again for each further layer
   * with the same input, which changes the lengths of the directions only.)
   * @default false
   */
  readonly whiten?: boolean;
  /**
   * Multiply a layer's `loraAlpha` by its new rank over the old one, so that the scaling stays as it is.
   * @default true
   */
  readonly adjustScalingFactors?: boolean;
}

/** The defaults of {@link EvaConfig}. */
export const EVA_DEFAULTS = {
  rho: 2,
  tau: 0.99,
  whiten: false,
  adjustScalingFactors: true,
} as const satisfies EvaConfig;

/** Choices of `bias`. */
export const LORA_BIASES = ["none", "all", "lora_only"] as const;

/** One of `LORA_BIASES`. */
export type LoraBias = (typeof LORA_BIASES)[number];

/** Named choices of `initLoraWeights`. */
export const NAMED_INITIALIZATIONS = ["gaussian", "pissa", "olora", "eva"] as const;

/** Initialization of A and B. */
export type InitLoraWeights = boolean | (typeof NAMED_INITIALIZATIONS)[number];

/** Default of `loraAlpha`, as a multiple of `r`. */
export const LORA_ALPHA_PER_R = 2;

/** The defaults of {@link LoraConfig}. */
export const LORA_DEFAULTS = {
  r: 8,
  loraDropout: 0.1,
  targetModules: "auto",
  bias: "none",
  useRslora: false,
  useDora: false,
  initLoraWeights: true,
} as const satisfies LoraConfig;

/** A {@link LoraConfig} with every value set, as peft writes it. */
export interface ResolvedLoraConfig {
  readonly r: number;
  readonly loraAlpha: number;
  readonly loraDropout: number;
  readonly targetModules: readonly string[] | string;
  readonly excludeModules?: readonly string[] | string;
  /** The user's modules, then the head's: `classifier` and `score`. */
  readonly modulesToSave: readonly string[];
  readonly bias: LoraBias;
  readonly useRslora: boolean;
  readonly useDora: boolean;
  readonly rankPattern: Readonly<Record<string, number>>;
  readonly alphaPattern: Readonly<Record<string, number>>;
  readonly layersToTransform?: readonly number[] | number;
  readonly layersPattern?: readonly string[] | string;
  readonly initLoraWeights: InitLoraWeights;
  /** Given if `initLoraWeights` is "eva". */
  readonly evaConfig?: Required<EvaConfig>;
  /** peft's task type, by which the head is trained and saved. `null` if a file names none. */
  readonly taskType: "SEQ_CLS" | null;
}

/** Modules that peft trains and saves for sequence classification, by the end of their names. */
export const HEAD_MODULES = ["classifier", "score"];
