/** The checks of `audit`. */
export const AUDIT_CHECKS = ["labels", "duplicates", "texts"] as const;

/** A check: wrong labels; duplicates and groups; empty and odd texts. */
export type AuditCheck = (typeof AUDIT_CHECKS)[number];

/** The order of severities, the most severe first. */
export const SEVERITY_RANK = { high: 0, medium: 1, low: 2 } as const;

/** The rules of `findLabelIssues`, with cleanlab's names. */
export const ISSUE_FILTERS = [
  "prune_by_noise_rate",
  "prune_by_class",
  "both",
  "confident_learning",
  "predicted_neq_given",
] as const;

/** A rule that chooses the texts whose label is probably wrong. */
export type IssueFilter = (typeof ISSUE_FILTERS)[number];

/** The scores of `labelQualityScores`, with cleanlab's names. */
export const QUALITY_METHODS = ["self_confidence", "normalized_margin"] as const;

/** A score of label quality: `self_confidence` or `normalized_margin`. */
export type QualityMethod = (typeof QUALITY_METHODS)[number];

/** The defaults of `findNearDuplicates`. */
export const NEAR_DUPLICATE_DEFAULTS = { threshold: 0.8, shingleSize: 3, numPerm: 128, seed: 1 } as const;

/** The defaults of `outOfFoldProbabilities`. */
export const OUT_OF_FOLD_DEFAULTS = { nSplits: 5, randomState: 42 } as const;
