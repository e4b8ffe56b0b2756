import type { PageFacts } from "../page-facts";

/** Requests of the page to its worker. */
export type Request =
  | { readonly kind: "load"; readonly base: string; readonly facts: PageFacts }
  | { readonly kind: "classify"; readonly id: number; readonly text: string }
  | { readonly kind: "file"; readonly id: number; readonly texts: readonly string[] }
  | { readonly kind: "stop" };

/** A word, or several neighbouring ones, of a text, and the change when it is left out. */
export interface Effect {
  /** Start and end in the text, in UTF-16 code units. */
  readonly start: number;
  readonly end: number;
  /** The log-odds of the label with the words, less those without them. */
  readonly change: number;
  /** The label's probability without them. */
  readonly without: number;
}

/** Probabilities of a text. */
export interface Scored {
  /** One for each label. */
  readonly probabilities: readonly number[];
  /** The text's token ids, as far as the model takes them. */
  readonly ids: Int32Array;
  /** Whether the text has more tokens than the model takes. */
  readonly truncated: boolean;
}

/** Answers of the worker. */
export type Answer =
  | { readonly kind: "loading"; readonly bytes: number; readonly total: number }
  | { readonly kind: "ready"; readonly provider: "webgpu" | "wasm" }
  | ({ readonly kind: "scored"; readonly id: number; readonly milliseconds: number } & Scored)
  | {
      readonly kind: "explained";
      readonly id: number;
      readonly label: number;
      /** The label's probability for the whole text. */
      readonly whole: number;
      readonly effects: readonly Effect[];
      readonly done: number;
      readonly total: number;
    }
  | { readonly kind: "rows"; readonly id: number; readonly from: number; readonly rows: readonly Scored[] }
  | { readonly kind: "failed"; readonly id?: number; readonly message: string };
