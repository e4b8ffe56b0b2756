import { Random } from "../../../base/random";
import type { ScoredTexts } from "../trial/train-trial-job";
import { scoreTexts, type ScoreOptions } from "./score-texts";

/** Options of {@link selectionBias}. */
export interface SelectionBiasOptions extends ScoreOptions {
  readonly direction: "maximize" | "minimize";
  /** Number of bootstrap resamples. @default 200 */
  readonly resamples?: number;
  readonly seed: number;
}

const RESAMPLES = 200;

/**
 * The amount by which the best trial looks better on the validation texts than it is on others, because they chose it:
 * the bootstrap bias correction of Tsamardinos, Greasidou and Borboudakis ("Bootstrapping the out-of-sample predictions
 * for efficient and accurate cross-validation", 2018). Each resample of the texts chooses its best trial, which is then
 * scored on the texts that the resample left out. The mean of these scores is what such a choice is worth; the
 * difference to the best trial's score is the bias.
 *
 * It assumes that the texts are independent, and that the given trials are all that could have won. Trials that were
 * pruned are not among them. It is exact for many texts; with fewer than some 100 it is coarse.
 *
 * @param trials - the scored validation texts of each trial, one list for each of its seeds, all with the same texts
 * @returns above 0 if the best trial looks too good; undefined for fewer than two trials
 */
export function selectionBias(
  trials: readonly (readonly ScoredTexts[])[],
  options: SelectionBiasOptions,
): number | undefined {
  const { direction, resamples = RESAMPLES, seed } = options;
  if (trials.length < 2) return undefined;
  const sign = direction === "maximize" ? 1 : -1;
  const score = (trial: readonly ScoredTexts[], rows?: ArrayLike<number>): number =>
    trial.reduce((sum, texts) => sum + sign * scoreTexts(texts, options, rows), 0) / trial.length;
  const random = new Random(seed).fork("selection bias");
  const size = trials[0][0].labels.length;
  let [sum, count] = [0, 0];
  for (let resample = 0; resample < resamples; resample++) {
    const drawn = Uint32Array.from({ length: size }, () => random.below(size));
    const within = new Set(drawn);
    const left = Array.from({ length: size }, (_, row) => row).filter((row) => !within.has(row));
    const winner = bestBy(trials, (trial) => score(trial, drawn));
    const worth = left.length === 0 ? NaN : score(winner, left);
    if (!Number.isFinite(worth)) continue;
    sum += worth;
    count++;
  }
  return count === 0 ? undefined : Math.max(...trials.map((trial) => score(trial))) - sum / count;
}

function bestBy<T>(items: readonly T[], score: (item: T) => number): T {
  let [best, most] = [items[0], -Infinity];
  for (const item of items) {
    const value = score(item);
    if (value > most) [best, most] = [item, value];
  }
  return best;
}
