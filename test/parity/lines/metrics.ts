import { TsloraError } from "../../../src/base/tslora-error";
import { callMetric, difference, plainFloats, reviveFloats, type MetricCall } from "../../evaluation/metric-calls";
import { drawLabelCalls, drawScoreCalls } from "../metric-cases";
import type { Measure, ParityLine } from "../parity-line";
import { withoutWarnings } from "../without-warnings";

type Result = { readonly value: unknown } | { readonly error: string };

export const line: ParityLine = {
  title: "metrics, reports, curves",
  against: "scikit-learn",
  async run({ random, cases, python, note }) {
    const drawn = [
      ...Array.from({ length: cases(2000) }, () => drawLabelCalls(random)),
      ...Array.from({ length: cases(600) }, () => drawScoreCalls(random)),
    ];
    const calls = drawn.flat();
    note(`${calls.length} calls on ${drawn.length} data sets`);
    const expected = JSON.parse(JSON.stringify(await python(calls.map(plainFloats))), reviveFloats) as Result[];
    const measures = new Map<string, Measure>();
    const count = (what: string, bound: number, found: number, worst: string): void => {
      const { cases: before, largest, worst: where } = measures.get(what) ?? { cases: 0, largest: 0, worst: undefined };
      const total = bound === 0 ? largest + found : Number.isNaN(largest) || found <= largest ? largest : found;
      measures.set(what, { what, bound, cases: before + 1, largest: total, worst: total === largest ? where : worst });
    };
    const found = withoutWarnings(() => calls.map(attempt));
    calls.forEach((call, i) => {
      const [ours, theirs] = [found[i], expected[i]];
      const place = `${JSON.stringify(plainFloats(call)).slice(0, 1500)}: ${JSON.stringify(plainFloats(ours)).slice(0, 700)} is not ${JSON.stringify(plainFloats(theirs)).slice(0, 700)}`;
      count("refused by both or by none", 0, "error" in ours === "error" in theirs ? 0 : 1, place);
      if ("error" in ours || "error" in theirs) return;
      if (typeof theirs.value === "string") count("report as text", 0, ours.value === theirs.value ? 0 : 1, place);
      else
        count(
          call.kwargs.output_dict === true ? "report as object" : call.fn,
          1e-12,
          difference(ours.value, theirs.value),
          place,
        );
    });
    return [...measures.values()].sort((a, b) => (a.what < b.what ? -1 : 1));
  },
};

function attempt(call: MetricCall): Result {
  try {
    return { value: callMetric(call) };
  } catch (error) {
    if (error instanceof TsloraError) return { error: error.message };
    throw error;
  }
}
