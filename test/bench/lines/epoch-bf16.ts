import type { BenchLine } from "../bench-line";
import { describeMachine } from "../machine";
import { measureEpoch } from "../measure-epoch";

const BAR = { atLeast: 1.6 }; // against ours in 32 bits

export const line: BenchLine = {
  title: "an epoch in bfloat16, default dropout",
  order: 4.5,
  async run(context) {
    if (!describeMachine().features.some((name) => name === "avx512_bf16" || name === "amx_bf16"))
      return {
        comparisons: [],
        facts: [{ what: this.title, value: "not measured: the processor has no such products" }],
      };
    const setting = { sample: 8, bars: { grouped: { atLeast: 1 } }, bf16: BAR } as const;
    const distilbert = await measureEpoch(context, { ...setting, size: "distilbert" });
    const minilm = await measureEpoch(context, { ...setting, size: "minilm" });
    return { comparisons: [...distilbert.comparisons, ...minilm.comparisons] };
  },
};
