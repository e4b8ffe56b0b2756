import type { BenchLine } from "../bench-line";
import { measureEpoch } from "../measure-epoch";

export const line: BenchLine = {
  title: "an epoch, the embedded MiniLM, dropout 0",
  order: 4,
  run: (context) =>
    measureEpoch(context, {
      size: "minilm",
      dropout: 0,
      sample: 8,
      bars: { random: { atLeast: 1.4, aim: 2 }, grouped: { atLeast: 1, aim: 1.3 } },
    }),
};
