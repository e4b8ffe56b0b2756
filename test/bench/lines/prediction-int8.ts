import { alternate } from "../alternate";
import type { BenchContext, BenchLine, Comparison, LineResult } from "../bench-line";
import { describeMachine } from "../machine";
import { NAMES } from "../measure-epoch";
import { BATCH_SIZE, preparePrediction, type Predicted } from "../prepare-prediction";
import { Side, withSides } from "../side";

const HAS_VNNI = describeMachine().features.some((name) => name === "avx_vnni" || name === "avx512_vnni");
const BARS = { float32: { atLeast: HAS_VNNI ? 2 : 1.2 }, onnxruntime: { atLeast: 1.3 } };
const AGREEMENT = 0.1; // of probabilities of a model that was not trained

/** Prediction with weights and activations in 8 bits, against ours in 32 bits and onnxruntime's in 8. */
export const line: BenchLine = {
  title: "prediction in 8 bits over 1,000 abstracts, from text to probabilities",
  order: 6.5,
  async run(context) {
    const results = [await measure(context, "distilbert"), await measure(context, "minilm")];
    return { comparisons: results.flatMap(({ comparisons }) => comparisons) };
  },
};

async function measure(context: BenchContext, size: "distilbert" | "minilm"): Promise<LineResult> {
  const { python, whole, note, seed } = context;
  const { model, merged, file, lengths, rounds, secondsOfAll } = await preparePrediction(context, size);
  const ours = Side.ours("int8", "sides/prediction");
  const full = Side.ours("float32", "sides/prediction");
  const onnx = Side.python("onnxruntime", "sides/prediction", { python });
  return withSides([ours, full, onnx], async () => {
    await full.ask({ do: "merge", model, merged, seed });
    await onnx.ask({ do: "export", model: merged });
    await onnx.ask({ do: "quantize", model: merged });
    const { notice } = (await ours.ask({ do: "load", model: merged, file, precision: "int8" })) as { notice: string };
    await full.ask({ do: "load", model: merged, file });
    const loading = { do: "load", engine: "onnxruntime", model: merged, file, quantized: true };
    const { runtime } = (await onnx.ask(loading)) as { runtime: string };
    const probabilities: Record<string, number[]> = {};
    const turn =
      (side: Side) =>
      async (round: number): Promise<number> => {
        const chosen = rounds[whole ? Math.max(0, round - 1) : round];
        const answer = (await side.ask({ do: "predict", batches: chosen })) as Predicted;
        (probabilities[side.name] ??= []).push(...answer.probabilities);
        return secondsOfAll(answer.seconds, chosen);
      };
    note(`${NAMES[size]}: ${notice} ${runtime}, batches of ${BATCH_SIZE} of ${lengths.length} texts`);
    const found = await alternate(
      [ours, full, onnx].map((side) => ({ side, round: turn(side) })),
      { rounds: context.rounds, note },
    );
    const apart = (side: Side): number =>
      Math.max(...probabilities[ours.name].map((p, i) => Math.abs(p - probabilities[side.name][i])));
    return {
      comparisons: [full, onnx].map((side): Comparison => {
        if (!(apart(side) <= AGREEMENT))
          throw new Error(`${side.name}'s probabilities differ by up to ${apart(side)}: it does not do the same work.`);
        return {
          work: `prediction in 8 bits, 1,000 abstracts, ${NAMES[size]}`,
          against: side === full ? "ours in 32 bits" : "onnxruntime's dynamic quantization, sorted by length",
          unit: "s",
          ours: found.measured[ours.name],
          theirs: found.measured[side.name],
          combine: whole ? "sum" : "median",
          bar: side === full ? BARS.float32 : BARS.onnxruntime,
          note: `${notice} ${side === full ? "" : `${runtime}; `}probabilities apart by ${apart(side).toExponential(1)} at most; cores used: ${found.coresUsed[ours.name].toFixed(2)} here, ${found.coresUsed[side.name].toFixed(2)} there; peak ${ours.peakGigabytes().toFixed(2)} and ${side.peakGigabytes().toFixed(2)} GB; waiting sides took up to ${found.idleShare.toFixed(2)} of a core`,
        };
      }),
    };
  });
}
