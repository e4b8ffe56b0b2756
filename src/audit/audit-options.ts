import type { Problems } from "../base/problems";
import { AUDIT_CHECKS, type AuditCheck } from "./audit-defaults";
import type { NearDuplicateOptions } from "./duplicates/near-duplicates";
import type { SimilarEmbeddingOptions } from "./duplicates/similar-embeddings";
import type { FindLabelIssuesOptions } from "./labels/find-label-issues";
import type { ClassProbabilities } from "./labels/labelled-probabilities";
import type { OutOfFoldOptions } from "./labels/out-of-fold";
import type { OddTextOptions } from "./texts/text-oddities";

/** The current step of an audit. */
export interface AuditProgress {
  readonly check: AuditCheck | "embeddings";
  /** Texts or folds done, of `total`. */
  readonly done: number;
  readonly total: number;
}

/** Options of {@link audit}. */
export interface AuditOptions {
  /** Names of the classes in order. @default their numbers */
  readonly labels?: readonly string[];
  /**
   * The checks to make.
   * @default ["labels", "duplicates", "texts"], without "labels" if the data have no column label
   */
  readonly checks?: readonly AuditCheck[];
  /**
   * Probabilities of each text's classes, [texts][classes], over all parts in turn. They must come from a model that
   * did not train on the text.
   * @default those of TF-IDF with logistic regression, out of stratified folds
   */
  readonly probabilities?: ClassProbabilities;
  /** Folds and seed of the default probabilities. @default 5 folds, seed 42 */
  readonly folds?: Pick<OutOfFoldOptions, "nSplits" | "randomState">;
  /** Rule and score of label issues. @default cleanlab's: prune_by_noise_rate, self_confidence */
  readonly labelIssues?: FindLabelIssuesOptions;
  /** Threshold, shingles and permutations of near-duplicates. @default 0.8, 3 words, 128 permutations, seed 1 */
  readonly duplicates?: Omit<NearDuplicateOptions, "signal" | "onProgress">;
  /**
   * Embeddings of the texts, [texts][features] over all parts in turn, such as those of `encoderFeatures(classifier,
   * texts)`: pairs above a cosine similarity are listed, and are in one group.
   * @default none
   */
  readonly embeddings?: readonly ArrayLike<number>[];
  /** Threshold and seed for `embeddings`. @default cosine 0.95, seed 1 */
  readonly similarEmbeddings?: Omit<SimilarEmbeddingOptions, "signal" | "onProgress">;
  /** A column whose equal values must stay in one part, such as a patient or an author. @default none */
  readonly groupColumn?: string;
  /** Bounds of very short and very long texts. @default by the median */
  readonly oddTexts?: OddTextOptions;
  /** Stops the audit. */
  readonly signal?: AbortSignal;
  /** Called from time to time. */
  readonly onProgress?: (progress: AuditProgress) => void;
}

/** The checks to make. Adds a problem for an unknown check, or one for which data are missing. */
export function checksOf(
  problems: Problems,
  { checks, probabilities }: AuditOptions,
  labelled: boolean,
): ReadonlySet<AuditCheck> {
  for (const check of checks ?? [])
    problems.expect(AUDIT_CHECKS.includes(check), `checks must be of ${AUDIT_CHECKS.join(", ")}; got ${String(check)}`);
  const asked = checks?.includes("labels") === true || probabilities !== undefined;
  problems.expect(
    labelled || !asked,
    "checks must not name labels, nor probabilities be given, for data without a column label; a text with several labels has none",
  );
  problems.expect(checks === undefined || checks.length > 0, "checks must name a check at least; got none");
  return new Set(checks ?? AUDIT_CHECKS.filter((check) => check !== "labels" || labelled));
}
