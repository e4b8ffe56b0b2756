import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { loadTokenizer } from "../../src/tokenizer/load-tokenizer";
import { alternate } from "./alternate";
import type { Bar, BenchContext, Comparison, LineResult } from "./bench-line";
import { makeModelFolder } from "./model-folders";
import { planEpoch, total } from "./sample-batches";
import { Side, withSides } from "./side";
import { loadStudyData } from "./study-data";

const BATCH_SIZE = 16;
const MAX_LENGTH = 512;
const SECONDS_IDLE = 0.05; // of a core, above which a waiting side is said to disturb

/** What of the study's epoch is compared. */
export interface EpochSetting {
  readonly size: "distilbert" | "minilm";
  readonly dropout?: 0;
  readonly method?: "lora" | "full";
  /** Optimizer steps that make a round. */
  readonly stepsARound: number;
  /** The bars by the other side's batching; a batching without one is not run. */
  readonly bars: { readonly random: Bar; readonly grouped?: Bar };
}

export const NAMES = { distilbert: "DistilBERT size", minilm: "MiniLM" } as const;

/** Both sides' training data as files: texts for ours, the same texts' tokens for the other. */
export async function writeTrainingData(context: BenchContext, model: string): Promise<{ rows: string; documents: string; lengths: number[] }> {
  const { train } = await loadStudyData();
  const tokenizer = await loadTokenizer(model, { maxLength: MAX_LENGTH });
  const ids = tokenizer.encode(train.texts).map((text) => [...text.ids]);
  const [rows, documents] = [join(context.folder, "rows.json"), join(context.folder, "documents.json")];
  await writeFile(rows, JSON.stringify(train.texts.map((text, i) => ({ text, label: train.labels[i] }))));
  await writeFile(documents, JSON.stringify({ ids, labels: train.labels }));
  return { rows, documents, lengths: ids.map(({ length }) => length) };
}

/**
 * An epoch of the study on both sides: 600 abstracts of up to 512 tokens, batches of 16, the same batches of the same
 * tokens. Rounds of a few steps alternate. Ours is `train` itself, of whose steps each round draws some.
 *
 * Seconds of a round are brought to the epoch by tokens: real ones here, padded ones there, since those are computed.
 */
export async function measureEpoch(context: BenchContext, setting: EpochSetting): Promise<LineResult> {
  const { size, dropout, method = "lora", bars } = setting;
  const { python, whole, note } = context;
  const model = await makeModelFolder({ size, parent: context.models, ...(dropout === undefined ? {} : { dropout }) });
  const data = await writeTrainingData(context, model);
  const comparisons: Comparison[] = [];
  const [ours, theirs] = [Side.ours("tslora", "sides/training"), Side.python("torch", "sides/training", { python })];
  await withSides([ours, theirs], async () => {
    for (const batching of ["random", "grouped"] as const) {
      const bar = bars[batching];
      if (bar === undefined) continue;
      const groupByLength = batching === "grouped";
      const epoch = Math.ceil(data.lengths.length / BATCH_SIZE);
      const step = whole ? Math.max(2, setting.stepsARound) : setting.stepsARound;
      const rounds = whole ? Math.ceil(epoch / step) : Math.min(context.rounds, Math.floor(epoch / step) - 1);
      const first = whole ? 0 : step; // the warm-up's batches are not counted
      const plan = planEpoch(data.lengths, { seed: context.seed, batchSize: BATCH_SIZE, groupByLength, from: first, to: first + rounds * step });
      const begin = async (): Promise<void> => {
        const shared = { do: "begin", model, method, loraDropout: dropout ?? 0.1, seed: plan.seed };
        const here = (await ours.ask({ ...shared, rows: data.rows, groupByLength, batchSize: BATCH_SIZE, maxLength: MAX_LENGTH })) as { trainable: number };
        const there = (await theirs.ask({ ...shared, documents: data.documents, batches: plan.batches })) as { trainable: number };
        if (here.trainable !== there.trainable) throw new Error(`We train ${here.trainable} weights, they ${there.trainable}.`);
      };
      await begin();
      if (whole) {
        await ours.ask({ do: "steps", count: 1 });
        await theirs.ask({ do: "steps", count: 1 });
        await begin();
      }
      const turn = (side: Side, cost: readonly number[]) => async (round: number): Promise<number> => {
        const from = whole ? (round - 1) * step : round * step;
        const to = Math.min(from + step, epoch);
        const answer = (await side.ask({ do: "steps", count: to - from })) as { seconds: number; losses: number[]; tokens: number };
        const expected = total(plan.tokens.slice(from, to));
        if (answer.tokens !== expected) throw new Error(`${side.name}: steps ${from} to ${to} were to have ${expected} tokens; they had ${answer.tokens}.`);
        if (!answer.losses.every(Number.isFinite)) throw new Error(`${side.name}: the losses were ${answer.losses.join(", ")}.`);
        return whole ? answer.seconds : (answer.seconds * total(cost)) / total(cost.slice(from, to));
      };
      note(`${NAMES[size]}, ${batching} batches, ${whole ? "all" : `${rounds * step} of the`} ${epoch} batches; padding adds ${((total(plan.padded) / total(plan.tokens) - 1) * 100).toFixed(0)}%; seconds are ${whole ? "measured" : "the epoch's by share of tokens"}`);
      const found = await alternate([{ side: ours, round: turn(ours, plan.tokens) }, { side: theirs, round: turn(theirs, plan.padded) }], { rounds, note, warmUp: !whole });
      const cores = `cores used: ${found.coresUsed.tslora.toFixed(2)} here, ${found.coresUsed.torch.toFixed(2)} there`;
      comparisons.push({
        work: `epoch, ${NAMES[size]}, ${method === "full" ? "all weights, " : ""}${dropout === 0 ? "dropout 0" : "default dropout"}`,
        against: `${method === "full" ? "transformers" : "transformers + peft"}, ${batching === "random" ? "default" : "length-grouped"} batches`,
        unit: "s",
        ours: found.measured.tslora,
        theirs: found.measured.torch,
        combine: whole ? "sum" : "median",
        bar,
        note: `${whole ? "every batch run" : `${rounds * step} of ${epoch} batches run, the epoch by share of tokens`}; ${cores}; peak so far ${ours.peakGigabytes().toFixed(2)} and ${theirs.peakGigabytes().toFixed(2)} GB${found.idleShare > SECONDS_IDLE ? `; a waiting side took up to ${found.idleShare.toFixed(2)} of a core` : ""}`,
      });
    }
  });
  return { comparisons };
}
