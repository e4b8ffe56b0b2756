/** Scores of the test texts, for the page's threshold: one entry for each text, without the text. */
export interface TestScores {
  /** The probability of the second label. */
  readonly scores: readonly number[];
  /** Whether the second label is the right one: 0 or 1. */
  readonly yTrue: readonly number[];
}

/** The test scores for the threshold slider, or the reason why there is none. */
export type PageThreshold =
  { readonly kind: "scores"; readonly test: TestScores } | { readonly kind: "none"; readonly reason: string };

/** Facts about a page's classifier; `page.json` holds them. */
export interface PageFacts {
  readonly title: string;
  /** The base model's name, without a path. */
  readonly model: string;
  readonly labels: readonly string[];
  readonly problemType: "single_label_classification" | "multi_label_classification";
  /** Tokens that a text is cut to. */
  readonly maxLength: number;
  readonly weights: "int8" | "float32";
  /** Files of the tokenizer and the model's config.json, in the folder `model`. */
  readonly tokenizerFiles: readonly string[];
  /** The model's file and the runtime's, relative to the page. */
  readonly modelFile: string;
  readonly runtimeFile: string;
  /** The token that fills shorter texts. */
  readonly padTokenId: number;
  /** Bytes of everything that a visitor's browser loads, without this file. */
  readonly bytes: { readonly all: number; readonly model: number; readonly runtime: number };
  readonly threshold: PageThreshold;
}
