import type { BenchLine } from "../bench-line";
import { measureEpoch } from "../measure-epoch";

const BAR = { atLeast: 1.5, aim: 2.5 };

export const line: BenchLine = {
  title: "full fine-tuning, an epoch, default dropout",
  order: 5,
  async run(context) {
    const distilbert = await measureEpoch(context, {
      size: "distilbert",
      method: "full",
      sample: 4,
      bars: { random: BAR },
    });
    const minilm = await measureEpoch(context, { size: "minilm", method: "full", sample: 4, bars: { random: BAR } });
    return { comparisons: [...distilbert.comparisons, ...minilm.comparisons] };
  },
};
