export { audit } from "./audit";
export type { AuditCheck, IssueFilter, QualityMethod } from "./audit-defaults";
export type { AuditOptions, AuditProgress } from "./audit-options";
export type { AuditedClass, AuditIssue, AuditReason, AuditResult, AuditSeverity, AuditSummary } from "./audit-result";
export type { AuditedData } from "./audited-texts";
export {
  findNearDuplicates,
  type NearDuplicateOptions,
  type NearDuplicates,
  type SimilarPair,
} from "./duplicates/near-duplicates";
export { findSimilarEmbeddings, type SimilarEmbeddingOptions } from "./duplicates/similar-embeddings";
export { MinHash, type MinHashOptions } from "./duplicates/min-hash";
export { auditCsv, auditJson } from "./export-issues";
export { confidentJoint, type ConfidentJoint, type ConfidentJointOptions } from "./labels/confident-joint";
export { findLabelIssues, type FindLabelIssuesOptions } from "./labels/find-label-issues";
export { labelQualityScores } from "./labels/label-quality-scores";
export type { ClassProbabilities } from "./labels/labelled-probabilities";
export { outOfFoldProbabilities, type OutOfFoldOptions } from "./labels/out-of-fold";
export type { Oddity, OddTextOptions } from "./texts/text-oddities";
export { withoutIssues, type WithoutIssuesOptions } from "./without-issues";
