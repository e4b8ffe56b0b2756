import type { DataFrame } from "danfojs-node";

import { splitIndices, type SplitOptions } from "./split-indices";

/**
 * Splits a frame as scikit-learn's `train_test_split` does, index for index. Each part keeps its rows' index, as in
 * pandas: `train.index` holds the original positions.
 *
 * @example
 * const [train, rest] = trainTestSplit(corpus.frame, { trainSize: 0.6, randomState: 42 });
 * const [test, validation] = trainTestSplit(rest, { testSize: 0.5, randomState: 42 });
 *
 * @returns the train and the test frame
 * @throws TsloraError `bad-option` that lists every invalid option.
 */
export function trainTestSplit(frame: DataFrame, options: SplitOptions): [train: DataFrame, test: DataFrame] {
  const { train, test } = splitIndices(frame.shape[0], options);
  return [frame.iloc({ rows: train }), frame.iloc({ rows: test })];
}
