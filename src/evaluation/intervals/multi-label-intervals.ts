import { multiLabelStatistics, type FlagsAndPredictions } from "../multi-label-statistics";
import { bootstrapIntervals } from "./bootstrap-interval";
import type { Interval } from "./interval";

/** Bootstrap intervals of the scores of texts with several labels. */
export interface MultiLabelIntervals {
  readonly hammingLoss: Interval;
  readonly f1Micro: Interval;
  readonly f1Macro: Interval;
  /** By label. */
  readonly f1: readonly Interval[];
}

/** Bootstrap intervals of all scores, from the same draws. A draw takes a text with all its labels. */
export function multiLabelIntervals(
  outcomes: FlagsAndPredictions,
  { confidence }: { confidence: number },
): MultiLabelIntervals {
  const scores = multiLabelStatistics(outcomes);
  const [hammingLoss, f1Micro, f1Macro, ...f1] = bootstrapIntervals(
    (indices) => {
      const drawn = scores(indices);
      return [drawn.hammingLoss, drawn.f1Micro, drawn.f1Macro, ...drawn.f1];
    },
    { n: outcomes.yTrue.length, confidence },
  );
  return { hammingLoss, f1Micro, f1Macro, f1 };
}
