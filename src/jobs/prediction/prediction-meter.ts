import type { PlannedShard } from "./plan/plan-shards";

/** The progress of a prediction, over all workers. */
export interface PredictionProgress {
  /** Records done, with those of earlier runs. */
  readonly records: number;
  /** Records in all; undefined while it is not known. */
  readonly total?: number;
  /** Records a second of all workers together, of the last half minute. */
  readonly recordsPerSecond: number;
  /** Undefined while it is not known. */
  readonly secondsLeft?: number;
  readonly shards: { readonly done: number; readonly failed: number; readonly running: number; readonly of: number };
  readonly corrupt: number;
}

const WINDOW_MS = 30_000;

interface ShardState {
  readonly planned: PlannedShard;
  /** Records that an earlier run did; undefined before the first report. */
  before?: number;
  done: number;
  corrupt: number;
  state: "waiting" | "running" | "done" | "failed";
}

/** Adds up the progress of all shards. */
export class PredictionMeter {
  readonly #shards: ReadonlyMap<string, ShardState>;
  readonly #now: () => number;
  #samples: { readonly at: number; readonly records: number }[];

  /** @param now - milliseconds of a clock that only goes forward */
  constructor(shards: readonly PlannedShard[], now = () => performance.now()) {
    this.#shards = new Map(
      shards.map((planned) => [planned.document.name, { planned, done: 0, corrupt: 0, state: "waiting" }]),
    );
    this.#now = now;
    this.#samples = [{ at: now(), records: 0 }];
  }

  start(job: string): void {
    this.#of(job, (shard) => (shard.state = "running"));
  }

  report(job: string, { done, corrupt = 0 }: { readonly done: number; readonly corrupt?: number }): void {
    this.#of(job, (shard) => {
      shard.before ??= done;
      shard.done = Math.max(done, shard.before);
      shard.corrupt = corrupt;
    });
  }

  /** @param counts - of the finished shard; undefined if it failed */
  end(
    job: string,
    counts: { readonly records: number; readonly corrupt: number; readonly reused: boolean } | undefined,
  ): void {
    this.#of(job, (shard) => {
      shard.state = counts === undefined ? "failed" : "done";
      if (counts === undefined) return;
      if (counts.reused) shard.before = counts.records;
      shard.before ??= 0;
      shard.done = counts.records;
      shard.corrupt = counts.corrupt;
    });
  }

  progress(): PredictionProgress {
    const shards = [...this.#shards.values()];
    const sum = (of: (shard: ShardState) => number): number => shards.reduce((a, shard) => a + of(shard), 0);
    const [records, computed] = [sum(({ done }) => done), sum(({ done, before = 0 }) => done - before)];
    const at = this.#now();
    this.#samples = this.#samples.filter((_, i, all) => i === all.length - 1 || at - all[i + 1].at < WINDOW_MS);
    this.#samples.push({ at, records: computed });
    const [oldest] = this.#samples;
    const done = Math.max(0, computed - oldest.records); // a lost worker's records count back to its checkpoint
    const recordsPerSecond = at > oldest.at ? (1000 * done) / (at - oldest.at) : 0;
    const total = this.#total(shards);
    const left = total === undefined ? undefined : Math.max(0, total - records);
    const count = (state: ShardState["state"]): number => shards.filter((shard) => shard.state === state).length;
    return {
      records,
      total,
      recordsPerSecond,
      secondsLeft:
        left === undefined || (left > 0 && recordsPerSecond === 0) ? undefined : left / (recordsPerSecond || 1),
      shards: { done: count("done"), failed: count("failed"), running: count("running"), of: shards.length },
      corrupt: sum(({ corrupt }) => corrupt),
    };
  }

  /** Records of all shards; those of unknown shards by their bytes, once one is done. A failed shard has no more. */
  #total(shards: readonly ShardState[]): number | undefined {
    const finished = shards.filter(({ state }) => state === "done");
    const bytes = finished.reduce((sum, { planned }) => sum + planned.bytes, 0);
    const perByte = bytes === 0 ? undefined : finished.reduce((sum, { done }) => sum + done, 0) / bytes;
    let total = 0;
    for (const { planned, state, done } of shards) {
      const estimate = perByte === undefined ? undefined : Math.round(planned.bytes * perByte);
      const own = state === "done" || state === "failed" ? done : (planned.records ?? estimate);
      if (own === undefined) return undefined;
      total += Math.max(own, done);
    }
    return total;
  }

  #of(job: string, change: (shard: ShardState) => void): void {
    const shard = this.#shards.get(job);
    if (shard !== undefined) change(shard);
  }
}
