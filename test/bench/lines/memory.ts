import { alternate } from "../alternate";
import type { BenchContext, BenchLine, Comparison } from "../bench-line";
import { NAMES, writeTrainingData, type EpochSetting } from "../measure-epoch";
import { makeModelFolder } from "../model-folders";
import { planEpoch } from "../sample-batches";
import { Side, withSides } from "../side";

const BAR = { atLeast: 2, aim: 5 };
const BAR_WITHOUT_DROPOUT = { atLeast: 1.5, aim: 2 };
const ROUNDS = 2; // memory hardly varies
const STEPS = 2;

type Setting = Pick<EpochSetting, "size" | "dropout" | "method">;

/**
 * The most memory that was resident in a process (VmHWM) that trains: from its start through an epoch's longest batch.
 */
export const line: BenchLine = {
  title: "peak memory of training",
  order: 7,
  async run(context) {
    const settings: readonly Setting[] = [
      { size: "distilbert" },
      { size: "minilm" },
      { size: "distilbert", dropout: 0 },
      { size: "minilm", dropout: 0 },
      { size: "distilbert", method: "full" },
    ];
    const comparisons: Comparison[] = [];
    for (const setting of settings) comparisons.push(await measure(context, setting));
    return { comparisons };
  },
};

async function measure(context: BenchContext, { size, method = "lora", dropout }: Setting): Promise<Comparison> {
  const { python, seed, note } = context;
  const model = await makeModelFolder({
    size,
    parent: context.models,
    ...(dropout === undefined ? {} : { dropout }),
  });
  const data = await writeTrainingData(context, model);
  // The longest batch comes first.
  const plan = planEpoch(data.lengths, { seed, batchSize: 16, groupByLength: true, from: 0, to: Infinity });
  const rounds = method === "full" ? 1 : Math.min(ROUNDS, context.rounds);
  const measured: Record<string, number[]> = { tslora: [], torch: [] };
  const shown = dropout === undefined ? "default dropout" : "dropout 0";
  note(
    `${NAMES[size]}, ${method === "full" ? "all weights" : "r 8 on query and value"}, ${shown}, batch 16 of 512 tokens: a fresh process each`,
  );
  for (let round = 1; round <= rounds; round++) {
    const [ours, theirs] = [Side.ours("tslora", "sides/training"), Side.python("torch", "sides/training", { python })];
    await withSides([ours, theirs], async () => {
      const shared = { do: "begin", model, method, loraDropout: dropout ?? 0.1, seed: plan.seed };
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
    work: `peak memory of training, ${NAMES[size]}${method === "full" ? ", all weights" : ""}, ${shown}`,
    against: method === "full" ? "transformers" : "transformers + peft",
    unit: "GB",
    ours: measured.tslora,
    theirs: measured.torch,
    combine: "median",
    ...(method === "full" ? {} : { bar: dropout === undefined ? BAR : BAR_WITHOUT_DROPOUT }),
    note: `${shown}, batch 16 of 512 tokens, VmHWM of the whole process after ${STEPS} steps`,
  };
}
