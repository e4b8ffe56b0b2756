import type { DataFrame } from "danfojs-node";

import type { KFoldOptions } from "./folding";
import { foldedFrames, readColumn } from "./frame-folds";
import { kFoldIndices, stratifiedKFoldIndices } from "./kfold-indices";
import type { SplitIndices } from "./split-indices";

/** Options of {@link stratifiedKFold} for a frame. */
export interface StratifiedKFoldOptions extends KFoldOptions {
  /** The column whose values are the classes. @default "label" */
  readonly stratify?: string;
}

/**
 * The folds of scikit-learn's `KFold`, index for index. For a number of rows returns row numbers; for a frame returns
 * frames, whose rows keep their index.
 *
 * @example
 * for (const [train, test] of kFold(corpus.frame, { nSplits: 5, shuffle: true, randomState: 42 })) { ... }
 *
 * @throws TsloraError `bad-option` that lists every invalid option.
 */
export function kFold(rows: number, options?: KFoldOptions): SplitIndices[];
export function kFold(rows: DataFrame, options?: KFoldOptions): [train: DataFrame, test: DataFrame][];
export function kFold(rows: number | DataFrame, options: KFoldOptions = {}): SplitIndices[] | [DataFrame, DataFrame][] {
  return typeof rows === "number"
    ? kFoldIndices(rows, options)
    : foldedFrames(rows, kFoldIndices(rows.shape[0], options));
}

/**
 * The folds of scikit-learn's `StratifiedKFold`, index for index; each has the shares of the classes. For a list of
 * classes, one per row, returns row numbers; for a frame returns frames, whose rows keep their index.
 *
 * @throws TsloraError `bad-option` that lists every invalid option, `bad-input` if the frame lacks the
 *   column.
 */
export function stratifiedKFold(labels: readonly (number | string)[], options?: KFoldOptions): SplitIndices[];
export function stratifiedKFold(
  frame: DataFrame,
  options?: StratifiedKFoldOptions,
): [train: DataFrame, test: DataFrame][];
export function stratifiedKFold(
  rows: readonly (number | string)[] | DataFrame,
  options: StratifiedKFoldOptions = {},
): SplitIndices[] | [DataFrame, DataFrame][] {
  const { stratify = "label", ...folding } = options;
  if (isList(rows)) return stratifiedKFoldIndices(rows, folding);
  const labels = readColumn("stratifiedKFold", rows, { name: stratify, option: "stratify", holds: "the classes" });
  return foldedFrames(rows, stratifiedKFoldIndices(labels, folding));
}

function isList(rows: readonly (number | string)[] | DataFrame): rows is readonly (number | string)[] {
  return Array.isArray(rows);
}
