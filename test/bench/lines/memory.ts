import { alternate } from "../alternate";
import type { BenchContext, BenchLine, Comparison } from "../bench-line";
import { NAMES, writeTrainingData } from "../measure-epoch";
import { makeModelFolder } from "../model-folders";
import { planEpoch } from "../sample-batches";
import { Side, withSides } from "../side";

const BAR = { atLeast: 2, aim: 4 };
const ROUNDS = 2; // memory hardly varies
const STEPS = 2;

/**
 * The most memory that was resident in a process (VmHWM) that trains: from its start through an epoch's longest batch.
 */
export const line: BenchLine = {
  title: "peak memory of training",
  order: 7,
  async run(context) {
    const settings = [
      { size: "distilbert", method: "lora" },
      { size: "minilm", method: "lora" },
      { size: "distilbert", method: "full" },
    ] as const;
    const comparisons: Comparison[] = [];
    for (const setting of settings) comparisons.push(await measure(context, setting));
    return { comparisons };
  },
};

async function measure(
  context: BenchContext,
  { size, method }: { size: "distilbert" | "minilm"; method: "lora" | "full" },
): Promise<Comparison> {
  const { python, seed, note } = context;
  const model = await makeModelFolder({ size, parent: context.models });
  const data = await writeTrainingData(context, model);
  // The longest batch comes first.
  const plan = planEpoch(data.lengths, { seed, batchSize: 16, groupByLength: true, from: 0, to: Infinity });
  const rounds = method === "full" ? 1 : Math.min(ROUNDS, context.rounds);
  const measured: Record<string, number[]> = { tslora: [], torch: [] };
  note(
    `${NAMES[size]}, ${method === "full" ? "all weights" : "r 8 on query and value"}, batch 16 of 512 tokens: a fresh process each`,
  );
  for (let round = 1; round <= rounds; round++) {
    const [ours, theirs] = [Side.ours("tslora", "sides/training"), Side.python("torch", "sides/training", { python })];
    await withSides([ours, theirs], async () => {
      const shared = { do: "begin", model, method, loraDropout: 0.1, seed: plan.seed };
      await ours.ask({ ...shared, rows: data.rows, groupByLength: true, batchSize: 16, maxLength: 512 });
      await theirs.ask({ ...shared, documents: data.documents, batches: plan.batches });
      const turn = (side: Side) => async (): Promise<number> => {
        await side.ask({ do: "steps", count: STEPS });
        return side.peakGigabytes();
      };
      const found = await alternate(
        [
          { side: ours, round: turn(ours) },
          { side: theirs, round: turn(theirs) },
        ],
        { rounds: 1, note, unit: "GB", warmUp: false },
      );
      for (const name of Object.keys(measured)) measured[name].push(...found.measured[name]);
    });
  }
  return {
    work: `peak memory of training, ${NAMES[size]}${method === "full" ? ", all weights" : ""}`,
    against: method === "full" ? "transformers" : "transformers + peft",
    unit: "GB",
    ours: measured.tslora,
    theirs: measured.torch,
    combine: "median",
    ...(method === "full" ? {} : { bar: BAR }),
    note: `default dropout, batch 16 of 512 tokens, VmHWM of the whole process after ${STEPS} steps`,
  };
}
