import { TsloraError } from "../../../base/tslora-error";
import type { JobDriver } from "../../drivers/job-driver";
import { EventQueue } from "../../event-queue";
import { metricOf } from "../sweep/trial-result";
import type { SweepEvent } from "../sweep/sweep-event";
import type { JobDocument } from "../../contract/job-document";

/** Options of {@link retrainWinner}. */
export interface RetrainOptions {
  readonly driver: JobDriver;
  readonly seeds: readonly number[];
  readonly metric: string;
  readonly workers: number;
  readonly document: (seed: number) => JobDocument;
  readonly signal: AbortSignal | undefined;
}

type Item =
  { readonly seed: number; readonly value: number } | { readonly error: unknown } | { readonly stopped: true };

/**
 * Trains a sweep's winner with new seeds, several at a time.
 *
 * @returns the metric of each seed, in order; undefined if the signal stopped a run
 * @throws TsloraError if a run fails; the others are stopped
 */
export async function* retrainWinner(options: RetrainOptions): AsyncGenerator<SweepEvent, number[] | undefined, void> {
  const { driver, seeds, metric, workers, document, signal } = options;
  const queue = new EventQueue<Item>();
  const stop = new AbortController();
  const signals = AbortSignal.any([stop.signal, ...(signal === undefined ? [] : [signal])]);
  const open = [...seeds];
  const one = async (seed: number): Promise<Item> => {
    const outcome = await driver.run(document(seed), { signal: signals });
    if (outcome.type === "stopped") return { stopped: true };
    const value = outcome.type === "done" ? metricOf(outcome.manifest, metric) : undefined;
    if (value !== undefined) return { seed, value };
    const why = outcome.type === "failed" ? outcome.error : `it reported no ${metric}`;
    throw new TsloraError("bad-input", `The winner could not be trained with seed ${seed}: ${why}`);
  };
  const work = async (): Promise<void> => {
    for (let seed = open.shift(); seed !== undefined && !signals.aborted; seed = open.shift())
      queue.push(await one(seed).catch((error: unknown) => ({ error })));
  };
  const all = Promise.all(Array.from({ length: Math.min(workers, seeds.length) }, work));
  const values = new Map<number, number>();
  try {
    while (values.size < seeds.length && signal?.aborted !== true) {
      await queue.wait();
      for (let item = queue.take(); item !== undefined; item = queue.take()) {
        if ("error" in item) throw item.error;
        if ("stopped" in item) return undefined;
        values.set(item.seed, item.value);
        yield { type: "winner-run", seed: item.seed, value: item.value };
      }
    }
    return signal?.aborted === true ? undefined : seeds.map((seed) => values.get(seed) ?? NaN);
  } finally {
    stop.abort();
    await all;
  }
}
