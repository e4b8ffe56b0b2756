import type { DataFrame } from "danfojs-node";

import { TsloraError } from "../../base/tslora-error";
import type { SplitIndices } from "./split-indices";

/** The frames of each fold; rows keep their index. */
export function foldedFrames(frame: DataFrame, folds: readonly SplitIndices[]): [train: DataFrame, test: DataFrame][] {
  return folds.map(({ train, test }) => [frame.iloc({ rows: train }), frame.iloc({ rows: test })]);
}

/**
 * The values of a column that an option names.
 *
 * @param asked.holds - what the column holds, for the message
 * @throws TsloraError `bad-input` if the frame lacks the column.
 */
export function readColumn(
  where: string,
  frame: DataFrame,
  { name, option, holds }: { readonly name: string; readonly option: string; readonly holds: string },
): (number | string)[] {
  if (!frame.columns.includes(name))
    throw new TsloraError(
      "bad-input",
      `${where}: the frame must have the column ${name}; got ${frame.columns.join(", ")}. Name the column of ${holds} in ${option}.`,
    );
  return [...(frame.column(name).values as (number | string)[])];
}
