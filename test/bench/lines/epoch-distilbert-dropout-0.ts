import type { BenchLine } from "../bench-line";
import { measureEpoch } from "../measure-epoch";

export const line: BenchLine = {
  title: "an epoch, DistilBERT size, dropout 0",
  order: 2,
  run: (context) =>
    measureEpoch(context, {
      size: "distilbert",
      dropout: 0,
      sample: 4,
      bars: { random: { atLeast: 1.5, aim: 2.2 }, grouped: { atLeast: 1.1, aim: 1.5 } },
    }),
};
