import {
  AUDIT_CHECKS,
  ISSUE_FILTERS,
  NEAR_DUPLICATE_DEFAULTS,
  OUT_OF_FOLD_DEFAULTS,
  QUALITY_METHODS,
} from "../../audit/audit-defaults";
import { choice, integer, list, number, path, text } from "./option-kinds";

/** Options of `tslora audit`: checks and output. */
export const AUDIT_OPTIONS = {
  checks: {
    kind: list(choice(AUDIT_CHECKS, "names"), "names"),
    help: `checks to make, of ${AUDIT_CHECKS.join(", ")}`,
    default: "all; without labels if a text may have several",
  },
  test: { kind: path("path"), help: "further texts, in which texts of --data are sought: a test set" },
  groupColumn: {
    kind: text("name"),
    help: "column of values that related texts share, such as a patient: a group must not be divided between --data and --test",
    default: "no groups but those of duplicates",
  },
  filterBy: {
    kind: choice(ISSUE_FILTERS, "rule"),
    help: `cleanlab's rule for wrong labels: ${ISSUE_FILTERS.join(", ")}`,
    default: ISSUE_FILTERS[0],
  },
  rankBy: {
    kind: choice(QUALITY_METHODS, "score"),
    libraryKey: "returnIndicesRankedBy",
    help: `score of a label: ${QUALITY_METHODS.join(" or ")}`,
    default: QUALITY_METHODS[0],
  },
  nSplits: {
    kind: integer(2),
    help: "stratified folds of the baseline that judges the labels",
    default: String(OUT_OF_FOLD_DEFAULTS.nSplits),
  },
  randomState: { kind: integer(0), help: "seed of the folds", default: String(OUT_OF_FOLD_DEFAULTS.randomState) },
  similarity: {
    kind: number("share"),
    libraryKey: "threshold",
    help: "Jaccard similarity of word shingles from which texts are near-duplicates",
    default: String(NEAR_DUPLICATE_DEFAULTS.threshold),
  },
  shingleSize: { kind: integer(1), help: "words of a shingle", default: String(NEAR_DUPLICATE_DEFAULTS.shingleSize) },
  output: { kind: path("file"), help: "also write the table of issues, as CSV, or as JSON if the name ends so" },
} as const;
