import type { BenchLine } from "../bench-line";
import { measureEpoch } from "../measure-epoch";

const BAR = { atLeast: 1.6 }; // against ours in 32 bits, where the processor has the instructions

export const line: BenchLine = {
  title: "an epoch in bfloat16, default dropout",
  order: 4.5,
  async run(context) {
    const setting = { sample: 8, bars: { grouped: { atLeast: 1 } }, bf16: BAR } as const;
    const distilbert = await measureEpoch(context, { ...setting, size: "distilbert" });
    const minilm = await measureEpoch(context, { ...setting, size: "minilm" });
    return { comparisons: [...distilbert.comparisons, ...minilm.comparisons] };
  },
};
