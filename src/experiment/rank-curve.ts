import { Problems } from "../base/problems";
import { LORA_DEFAULTS, type LoraConfig } from "../lora/lora-config";
import { curvePoint, type LearningCurve } from "./learning-curve";
import type { Method, StudyMethodOptions } from "./method";
import { partsOf } from "./run-groups";
import type { RunResult } from "./run-result";

/** LoRA on one set of linear layers, with a method for each rank. */
export interface RankSeries {
  /** Name of the set of layers. */
  readonly name: string;
  readonly methods: readonly Extract<Method, { kind: "lora" }>[];
}

/** Options of {@link rankSeries}. */
export interface RankSeriesOptions extends Pick<StudyMethodOptions, "epochs" | "maxSteps"> {
  /** Ranks of the updates; `loraAlpha` is twice the rank. */
  readonly ranks: readonly number[];
  /**
   * Sets of linear layers, by the names that tables and figures show.
   * @default { "query and value": "auto", "all linear layers": "all-linear" }
   */
  readonly targetModules?: Readonly<Record<string, NonNullable<LoraConfig["targetModules"]>>>;
}

/**
 * Methods that show how many numbers an adapter needs: each rank on each set of linear layers.
 *
 * @throws TsloraError `bad-option` for no rank, ranks that are not ascending whole numbers of at least 1, or no set of
 *   layers
 */
export function rankSeries({
  ranks,
  targetModules = { "query and value": "auto", "all linear layers": "all-linear" },
  epochs = 3,
  maxSteps,
}: RankSeriesOptions): RankSeries[] {
  const sets = Object.entries(targetModules);
  const problems = new Problems("rankSeries");
  problems.expect(
    ranks.length > 0 && ranks.every((r, i) => Number.isInteger(r) && r > (i === 0 ? 0 : ranks[i - 1])),
    `ranks must be ascending whole numbers of at least 1; got ${ranks.join(", ") || "none"}`,
  );
  problems.expect(sets.length > 0, "targetModules must name at least one set of layers; got none");
  problems.throwIfAny();
  const few = maxSteps === undefined ? {} : { maxSteps, evalSteps: maxSteps };
  return sets.map(([name, modules]) => ({
    name,
    methods: ranks.map((r) => ({
      kind: "lora",
      name: `LoRA on ${name}, r = ${r}`,
      adapter: {
        r,
        loraAlpha: 2 * r,
        loraDropout: LORA_DEFAULTS.loraDropout,
        ...(modules === LORA_DEFAULTS.targetModules ? {} : { targetModules: modules }),
      },
      training: { numTrainEpochs: epochs, ...few },
    })),
  }));
}

/** Test accuracy on the fixed split by the rank, a curve for each set of layers. Ranks without a run are left out. */
export function rankCurves(results: readonly RunResult[], series: readonly RankSeries[]): LearningCurve[] {
  const { holdout } = partsOf(results);
  return series.flatMap(({ name, methods }) => {
    const points = methods.flatMap(({ name: method, adapter }) => {
      const runs = holdout.filter((run) => run.method === method);
      return runs.length > 0 ? [curvePoint(adapter?.r ?? LORA_DEFAULTS.r, runs)] : [];
    });
    return points.length > 0 ? [{ name, points }] : [];
  });
}
