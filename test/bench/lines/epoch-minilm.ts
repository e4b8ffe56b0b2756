import type { BenchLine } from "../bench-line";
import { measureEpoch } from "../measure-epoch";

export const line: BenchLine = {
  title: "an epoch, the embedded MiniLM, default dropout",
  order: 3,
  run: (context) =>
    measureEpoch(context, {
      size: "minilm",
      sample: 8,
      bars: { random: { atLeast: 3, aim: 5 }, grouped: { atLeast: 2, aim: 3 } },
    }),
};
