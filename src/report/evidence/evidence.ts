import type { AuditReason, AuditSeverity, AuditSummary } from "../../audit/audit-result";

/**
 * Facts for the report that only the run itself can gather: the data, the training with its settings, and the texts
 * that were predicted wrong. It holds IDs, but no text of the data. Plain values that can be saved as JSON.
 */
export interface StudyEvidence {
  readonly data: DataFacts;
  readonly audit: AuditFacts;
  readonly errors: ErrorFacts;
  readonly training: TrainingFacts;
  /** The run's parameters by name. */
  readonly settings: Readonly<Record<string, SettingValue>>;
  readonly environment: EnvironmentFacts;
}

/** The value of a setting. */
export type SettingValue = string | number | boolean | null | readonly (string | number | boolean)[];

/** The texts that were used. */
export interface DataFacts {
  /** The source's kind, its file's name without folder, and the file's SHA-256. */
  readonly source: { readonly kind: string; readonly file?: string; readonly sha256?: string };
  /**
   * SHA-256 of all texts that were used, in canonical form: one line of JSON for each text, `["ID","label","text"]`
   * (for pairs `["ID","label","text","second text"]`), sorted by code points, each ended by a line feed, in UTF-8.
   */
  readonly textsSha256: string;
  /** The labels in order: the classifier's name, and the class's name in the data. */
  readonly labels: readonly { readonly name: string; readonly className: string }[];
  /** Train, validation and test. */
  readonly parts: readonly PartFacts[];
  readonly split: SplitFacts;
  /** Entries of the source. */
  readonly entries: {
    readonly read: number;
    readonly kept: number;
    readonly leftOut: number;
    /** Files that are not texts. */
    readonly ignored: number;
  };
  /** Entries left out, by reason. */
  readonly problems: readonly { readonly kind: string; readonly count: number }[];
  /** Whether tags were removed and abbreviations written out, as for texts in the study's format. */
  readonly cleaned: boolean;
  /** Texts of the training part that are in the test part as well. */
  readonly leaks: { readonly byId: number; readonly byText: number };
  /** Number of training texts that are cut, since they are longer than `maxLength` tokens. */
  readonly tokens: { readonly maxLength: number; readonly cut: number; readonly texts: number };
}

/** A part of the data. */
export interface PartFacts {
  readonly name: "train" | "validation" | "test";
  readonly texts: number;
  /** Number of texts of each label, in the labels' order. */
  readonly perLabel: readonly number[];
  /** Lengths in words. */
  readonly words: { readonly min: number; readonly median: number; readonly p95: number; readonly max: number };
  /** SHA-256 of the part's texts in the canonical form of {@link DataFacts.textsSha256}. */
  readonly sha256: string;
}

/** The split that made the parts. */
export interface SplitFacts {
  /** Whether each part has the same shares of the labels. */
  readonly stratified: boolean;
  readonly seed: number;
}

/** The audit of all parts. */
export interface AuditFacts {
  readonly summary: AuditSummary;
  /** The most severe issues, by ID. */
  readonly issues: readonly AuditedText[];
  /** Number of all issues; `issues` lists only the first. */
  readonly found: number;
}

/** A text that the audit lists. */
export interface AuditedText {
  readonly ID: string;
  readonly part?: string;
  readonly reason: AuditReason;
  readonly severity: AuditSeverity;
  readonly label?: string;
  /** The label that the audit suggests. */
  readonly suggested?: string;
  /** The ID of the other text, for duplicates. */
  readonly other?: string;
}

/** The test texts that were predicted wrong. */
export interface ErrorFacts {
  /** Number of test texts, and of those that were predicted wrong. */
  readonly texts: number;
  readonly wrong: number;
  /** The features by which the nearest training texts were found, compared by cosine. */
  readonly nearestBy: "encoder" | "tfidf";
  /** The wrong texts, the most certain prediction first; at most 1,000. */
  readonly listed: readonly WrongText[];
}

/** A test text that was predicted wrong. */
export interface WrongText {
  readonly ID: string;
  readonly label: string;
  readonly predicted: string;
  /** The predicted label's probability. */
  readonly probability: number;
  /** The training texts most like it, the most similar first. */
  readonly nearest: readonly NearestText[];
  /** The reasons why the audit suspects its label; empty if it does not. */
  readonly suspected: readonly AuditReason[];
}

/** A training text near a test text. */
export interface NearestText {
  readonly ID: string;
  readonly label: string;
  /** Cosine of the two texts' features, -1 to 1. */
  readonly similarity: number;
}

/** The model and its training. */
export interface TrainingFacts {
  readonly model: {
    /** transformers' name of the architecture. */
    readonly type: string;
    readonly layers: number;
    readonly hiddenSize: number;
    readonly vocabSize: number;
  };
  /** Weights that the checkpoint lacks, and that were initialized at random with the seed. */
  readonly newlyInitialized: readonly string[];
  readonly trainableParameters: { readonly trainable: number; readonly all: number };
  /** The adapter's configuration, with all defaults; missing if all weights were trained. */
  readonly adapter?: Readonly<Record<string, SettingValue>>;
  /** Optimizer steps that were done, and the one whose weights were kept. */
  readonly steps: { readonly done: number; readonly kept: number };
  readonly elapsedSeconds: number;
  /** The reason why training ended. */
  readonly ended: "finished" | "stopped" | "early-stopping";
  /** The loss of each step; every n-th of a long run. */
  readonly losses: readonly { readonly step: number; readonly epoch: number; readonly loss: number }[];
  readonly evaluations: readonly {
    readonly step: number;
    readonly epoch: number;
    readonly loss: number;
    readonly accuracy: number;
    readonly best: boolean;
  }[];
}

/** The machine and the software. */
export interface EnvironmentFacts {
  /** Versions by name: tslora, its commit in a clone, Node, TensorFlow, tfjs, danfojs. */
  readonly versions: Readonly<Record<string, string>>;
  readonly platform: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
  /** The instruction set of the kernels that ran; missing on a GPU. */
  readonly instructions?: string;
  readonly device?: { readonly kind: string; readonly name: string; readonly backend: string };
  /** The peak memory of the process. */
  readonly peakMemoryBytes: number;
}
