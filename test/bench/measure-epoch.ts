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
const SECONDS_IDLE = 0.05; // of a core, above which a waiting side is reported as disturbing

/** Part of the study's epoch that is compared. */
export interface EpochSetting {
  readonly size: "distilbert" | "minilm";
  readonly dropout?: 0;
  readonly method?: "lora" | "full";
  /** Number of batches that represent the epoch, if not all are run. */
  readonly sample: number;
  /** The bars by the other side's batching; a batching without one is not run. */
  readonly bars: { readonly random?: Bar; readonly grouped?: Bar };
  /** Bar against our own training in 32 bits: both sides then train with `bf16`. */
  readonly bf16?: Bar;
}

export const NAMES = { distilbert: "DistilBERT size", minilm: "MiniLM" } as const;

/** Both sides' training data as files: texts for ours, the same texts' tokens for the other. */
export async function writeTrainingData(
  context: BenchContext,
  model: string,
): Promise<{ rows: string; documents: string; lengths: number[] }> {
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
 * tokens. Both sides take turns batch by batch. Ours is `train` itself, of whose steps each turn draws one.
 *
 * A round is all batches of the sample, which represent the epoch together and not each by itself: a long batch takes
 * more than its share of tokens. Its seconds are brought to the epoch by tokens: real ones here, padded ones there,
 * since those are computed.
 */
export async function measureEpoch(context: BenchContext, setting: EpochSetting): Promise<LineResult> {
  const { size, dropout, method = "lora", bars, bf16 } = setting;
  const { python, whole, note } = context;
  const model = await makeModelFolder({ size, parent: context.models, ...(dropout === undefined ? {} : { dropout }) });
  const data = await writeTrainingData(context, model);
  const comparisons: Comparison[] = [];
  const [ours, theirs] = [Side.ours("tslora", "sides/training"), Side.python("torch", "sides/training", { python })];
  const full = bf16 === undefined ? undefined : Side.ours("tslora in 32 bits", "sides/training");
  await withSides([ours, theirs, ...(full === undefined ? [] : [full])], async () => {
    for (const batching of ["random", "grouped"] as const) {
      const bar = bars[batching];
      if (bar === undefined) continue;
      const groupByLength = batching === "grouped";
      const epoch = Math.ceil(data.lengths.length / BATCH_SIZE);
      const [first, sample] = whole ? [0, epoch] : [1, Math.min(setting.sample, epoch - 1)]; // a sample's first batch warms up and is not counted
      const rounds = whole ? 1 : context.rounds;
      const plan = planEpoch(data.lengths, {
        seed: context.seed,
        batchSize: BATCH_SIZE,
        groupByLength,
        from: first,
        to: first + sample,
      });
      const shared = { do: "begin", model, method, loraDropout: dropout ?? 0.1, seed: plan.seed };
      const trained = new Set<number>();
      const contender = (side: Side, request: object) => {
        const begin = async (): Promise<void> => {
          trained.add(((await side.ask({ ...shared, ...request })) as { trainable: number }).trainable);
          if (trained.size > 1) throw new Error(`The two sides train ${[...trained].join(" and ")} weights.`);
        };
        const step = async (): Promise<{ seconds: number; losses: number[]; tokens: number }> =>
          (await side.ask({ do: "steps", count: 1 })) as { seconds: number; losses: number[]; tokens: number };
        return {
          side,
          async round(turn: number): Promise<number> {
            const batch = first + ((turn - 1) % sample);
            if (batch === first) {
              await begin();
              await step();
              if (whole) await begin();
            }
            const { seconds, losses, tokens } = await step();
            if (tokens !== plan.tokens[batch])
              throw new Error(
                `${side.name}: batch ${batch} was to have ${plan.tokens[batch]} tokens; it had ${tokens}.`,
              );
            if (!losses.every(Number.isFinite)) throw new Error(`${side.name}: the loss was ${losses.join(", ")}.`);
            return seconds;
          },
        };
      };
      const settings = { rows: data.rows, groupByLength, batchSize: BATCH_SIZE, maxLength: MAX_LENGTH };
      const here = contender(ours, { ...settings, bf16: bf16 !== undefined });
      const there = contender(theirs, { documents: data.documents, batches: plan.batches, bf16: bf16 !== undefined });
      const sampled = `${whole ? "all" : `${sample} of the`} ${epoch} batches`;
      note(
        `${NAMES[size]}, ${batching} batches, ${sampled} a round; padding adds ${((total(plan.padded) / total(plan.tokens) - 1) * 100).toFixed(0)}%`,
      );
      const contenders = [here, there, ...(full === undefined ? [] : [contender(full, settings)])];
      const found = await alternate(contenders, { rounds: rounds * sample, note, warmUp: false, each: "batch" });
      const ofRounds = (seconds: readonly number[], cost: readonly number[]): number[] => {
        const share = total(cost.slice(first, first + sample)) / total(cost);
        return Array.from(
          { length: rounds },
          (_, round) => total(seconds.slice(round * sample, (round + 1) * sample)) / share,
        );
      };
      const comparison = (side: Side, other: { against: string; cost: readonly number[]; bar: Bar }): Comparison => ({
        work: `epoch${bf16 === undefined ? "" : " in bf16"}, ${NAMES[size]}, ${method === "full" ? "all weights, " : ""}${dropout === 0 ? "dropout 0" : "default dropout"}`,
        against: other.against,
        unit: "s",
        ours: ofRounds(found.measured[ours.name], plan.tokens),
        theirs: ofRounds(found.measured[side.name], other.cost),
        combine: "median",
        bar: other.bar,
        note: `${whole ? "every batch run" : `a round is ${sampled}, the epoch by share of tokens`}; cores used: ${found.coresUsed[ours.name].toFixed(2)} here, ${found.coresUsed[side.name].toFixed(2)} there; peak so far ${ours.peakGigabytes().toFixed(2)} and ${side.peakGigabytes().toFixed(2)} GB${found.idleShare > SECONDS_IDLE ? `; a waiting side took up to ${found.idleShare.toFixed(2)} of a core` : ""}`,
      });
      const peft = `${method === "full" ? "transformers" : "transformers + peft"}${bf16 === undefined ? "" : " with bf16"}`;
      comparisons.push(
        comparison(theirs, {
          against: `${peft}, ${batching === "random" ? "default" : "length-grouped"} batches`,
          cost: plan.padded,
          bar,
        }),
      );
      if (full !== undefined && bf16 !== undefined)
        comparisons.push(comparison(full, { against: "ours in 32 bits", cost: plan.tokens, bar: bf16 }));
    }
  });
  return { comparisons };
}
