import type { BenchLine } from "../bench-line";
import { measureEpoch } from "../measure-epoch";

export const line: BenchLine = {
  title: "an epoch, DistilBERT size, default dropout",
  order: 1,
  run: (context) =>
    measureEpoch(context, {
      size: "distilbert",
      sample: 4,
      bars: { random: { atLeast: 2.5, aim: 3.5 }, grouped: { atLeast: 1.8, aim: 2.5 } },
    }),
};
