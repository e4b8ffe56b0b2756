import type { DataFrame } from "danfojs-node";

import type { KFoldOptions } from "./folding";
import { foldedFrames, readColumn } from "./frame-folds";
import { groupKFoldIndices } from "./group-kfold-indices";
import { groupShuffleSplitIndices, type GroupShuffleSplitOptions } from "./group-shuffle-split-indices";
import { repeatedStratifiedKFoldIndices, type RepeatedKFoldOptions } from "./kfold-indices";
import { stratifiedGroupKFoldIndices } from "./stratified-group-kfold-indices";

/** The groups of a frame's rows, which are never divided between train and test. */
export interface GroupsOfFrame {
  /** The column of the groups, or a group for each row, such as `audit(...).groups`. */
  readonly groups: string | readonly (number | string)[];
}

/** The classes of a frame's rows. */
export interface ClassesOfFrame {
  /** The column whose values are the classes. @default "label" */
  readonly stratify?: string;
}

type Parts = [train: DataFrame, test: DataFrame];

/**
 * The folds of scikit-learn's `GroupKFold`, index for index, as frames whose rows keep their index: no group is in both
 * parts.
 *
 * @example
 * const { groups } = await audit(corpus.frame); // near-duplicates are one group
 * for (const [train, test] of groupKFold(corpus.frame, { groups, nSplits: 5 })) { ... }
 *
 * @throws TsloraError `bad-option` that lists every invalid option, `bad-input` if the frame lacks the column.
 */
export function groupKFold(frame: DataFrame, options: KFoldOptions & GroupsOfFrame): Parts[] {
  const { groups, ...folding } = options;
  return foldedFrames(frame, groupKFoldIndices(readGroupsOf("groupKFold", frame, groups), folding));
}

/**
 * The folds of scikit-learn's `StratifiedGroupKFold`, index for index, as frames whose rows keep their index: no group
 * is in both parts, and each fold has the shares of the classes as far as the groups allow.
 *
 * @throws TsloraError `bad-option` that lists every invalid option, `bad-input` if the frame lacks a column.
 */
export function stratifiedGroupKFold(
  frame: DataFrame,
  options: KFoldOptions & GroupsOfFrame & ClassesOfFrame,
): Parts[] {
  const { groups, stratify = "label", ...folding } = options;
  const where = "stratifiedGroupKFold";
  const labels = readColumn(where, frame, { name: stratify, option: "stratify", holds: "the classes" });
  return foldedFrames(
    frame,
    stratifiedGroupKFoldIndices(labels, { ...folding, groups: readGroupsOf(where, frame, groups) }),
  );
}

/**
 * The splits of scikit-learn's `GroupShuffleSplit`, index for index, as frames whose rows keep their index: groups are
 * drawn at random, and none is in both parts. Sizes count groups.
 *
 * @throws TsloraError `bad-option` that lists every invalid option, `bad-input` if the frame lacks the column.
 */
export function groupShuffleSplit(frame: DataFrame, options: GroupShuffleSplitOptions & GroupsOfFrame): Parts[] {
  const { groups, ...splitting } = options;
  return foldedFrames(frame, groupShuffleSplitIndices(readGroupsOf("groupShuffleSplit", frame, groups), splitting));
}

/**
 * The folds of scikit-learn's `RepeatedStratifiedKFold`, index for index, as frames whose rows keep their index.
 *
 * @returns `nSplits` folds for each repeat, one repeat after the other
 * @throws TsloraError `bad-option` that lists every invalid option, `bad-input` if the frame lacks the column.
 */
export function repeatedStratifiedKFold(frame: DataFrame, options: RepeatedKFoldOptions & ClassesOfFrame): Parts[] {
  const { stratify = "label", ...folding } = options;
  const asked = { name: stratify, option: "stratify", holds: "the classes" };
  const labels = readColumn("repeatedStratifiedKFold", frame, asked);
  return foldedFrames(frame, repeatedStratifiedKFoldIndices(labels, folding));
}

function readGroupsOf(
  where: string,
  frame: DataFrame,
  groups: string | readonly (number | string)[],
): readonly (number | string)[] {
  return typeof groups === "string"
    ? readColumn(where, frame, { name: groups, option: "groups", holds: "the groups" })
    : groups;
}
