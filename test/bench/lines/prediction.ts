import { alternate } from "../alternate";
import type { BenchContext, BenchLine, Comparison, LineResult } from "../bench-line";
import { NAMES } from "../measure-epoch";
import { BATCH_SIZE, preparePrediction, type Predicted } from "../prepare-prediction";
import { Side, withSides } from "../side";

const BAR = { atLeast: 1.1, aim: 1.6 };
const AGREEMENT = 1e-4; // of probabilities
const OTHER_TOKENS = 0.1; // share of the texts

/** From text to probabilities, tokenizing counted, on every side. */
export const line: BenchLine = {
  title: "prediction over 1,000 abstracts, from text to probabilities",
  order: 6,
  async run(context) {
    const results = [await measure(context, "distilbert"), await measure(context, "minilm")];
    return {
      comparisons: results.flatMap(({ comparisons }) => comparisons),
      facts: results.flatMap(({ facts = [] }) => facts),
    };
  },
};

async function measure(context: BenchContext, size: "distilbert" | "minilm"): Promise<LineResult> {
  const { python, whole, note, seed } = context;
  const { model, merged, file, lengths, rounds, secondsOfAll } = await preparePrediction(context, size);

  const ours = Side.ours("tslora", "sides/prediction");
  const torch = Side.python("torch", "sides/prediction", { python });
  const onnx = Side.python("onnxruntime", "sides/prediction", { python });
  const xenova = Side.ours("xenova", "sides/xenova");
  return withSides([ours, torch, onnx, xenova], async () => {
    await ours.ask({ do: "merge", model, merged, seed });
    await onnx.ask({ do: "export", model: merged });
    await ours.ask({ do: "load", model: merged, file });
    const runtimes = {
      torch: ((await torch.ask({ do: "load", engine: "torch", model: merged, file })) as { runtime: string }).runtime,
      onnxruntime: ((await onnx.ask({ do: "load", engine: "onnxruntime", model: merged, file })) as { runtime: string })
        .runtime,
      xenova: ((await xenova.ask({ do: "load", model: merged, file })) as { runtime: string }).runtime,
    };
    const probabilities: Record<string, number[][]> = {};
    const turn =
      (side: Side) =>
      async (round: number): Promise<number> => {
        const chosen = rounds[whole ? Math.max(0, round - 1) : round];
        const answer = (await side.ask({ do: "predict", batches: chosen })) as Predicted;
        (probabilities[side.name] ??= []).push([...answer.probabilities]);
        return secondsOfAll(answer.seconds, chosen);
      };
    const texts = rounds.slice(whole ? 0 : 1).flat(2).length;
    note(
      `${NAMES[size]}: ${texts} of ${lengths.length} texts, sorted by length, batches of ${BATCH_SIZE}; ${Object.values(runtimes).join(", ")}; seconds are ${whole ? "measured" : "those of all by share of tokens"}`,
    );
    const found = await alternate(
      [ours, torch, onnx, xenova].map((side) => ({ side, round: turn(side) })),
      { rounds: context.rounds, note },
    );
    const apart = (name: string): number =>
      Math.max(...probabilities[name].flat().map((p, i) => Math.abs(p - probabilities.tslora.flat()[i])));
    const differing = (name: string): number =>
      probabilities[name].flat().filter((p, i) => !(Math.abs(p - probabilities.tslora.flat()[i]) <= AGREEMENT)).length;
    for (const name of Object.keys(runtimes)) {
      // Its tokenizer makes other tokens of some texts.
      const most = name === "xenova" ? OTHER_TOKENS * probabilities.tslora.flat().length : 0;
      if (differing(name) > most)
        throw new Error(
          `${name}'s probabilities differ from ours by up to ${apart(name)}, in ${differing(name)} texts: it does not do the same work.`,
        );
    }
    const against: Record<keyof typeof runtimes, string> = {
      torch: "torch, sorted by length",
      onnxruntime: "onnxruntime in Python, sorted by length",
      xenova: "@xenova/transformers (onnxruntime in Node), sorted by length",
    };
    const comparisons = (Object.keys(runtimes) as (keyof typeof runtimes)[]).map((name): Comparison => ({
      work: `prediction, 1,000 abstracts, ${NAMES[size]}`,
      against: against[name],
      unit: "s",
      ours: found.measured.tslora,
      theirs: found.measured[name],
      combine: whole ? "sum" : "median",
      bar: BAR,
      note: `${runtimes[name]}; ${texts} texts run${whole ? "" : ", all of them by share of tokens"}; probabilities apart by ${apart(name).toExponential(1)} at most, by more than ${AGREEMENT.toExponential(0)} in ${differing(name)} texts; cores used: ${found.coresUsed.tslora.toFixed(2)} here, ${found.coresUsed[name].toFixed(2)} there; peak ${ours.peakGigabytes().toFixed(2)} and ${{ torch, onnxruntime: onnx, xenova }[name].peakGigabytes().toFixed(2)} GB; waiting sides took up to ${found.idleShare.toFixed(2)} of a core`,
    }));
    return { comparisons };
  });
}
