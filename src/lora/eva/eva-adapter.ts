import { Problems } from "../../base/problems";
import { Random } from "../../base/random";
import type { ClassificationModel } from "../../model/classification-model";
import type { Tensor } from "../../ops/tensor";
import type { Adapter } from "../adapter";
import { buildAdapter, weightName } from "../build-adapter";
import type { ResolvedLoraConfig } from "../lora-config";
import { moduleTree } from "../module-tree";
import { patternValue } from "../patterns/python-pattern";
import { planAdapter } from "../plan-adapter";
import { minimalTargets } from "./minimal-targets";

/**
 * Makes an adapter from EVA's directions, as peft's `initialize_lora_eva_weights`: the rows of A are the directions, B
 * is 0, and layers without a direction are no longer adapted.
 *
 * @param directions - rows of A for each adapted layer
 */
export function evaAdapter(
  model: ClassificationModel,
  adapter: Adapter,
  directions: ReadonlyMap<string, readonly Float64Array[]>,
): Adapter {
  const { ops } = model;
  const config = distributed(model, adapter.config, directions);
  const problems = new Problems("initializeLoraEvaWeights");
  const plan = planAdapter(model, config, { problems, strict: false });
  problems.throwIfAny();
  const given = ops.escape(
    () =>
      new Map(
        plan.layers.flatMap(({ linear: { module, inFeatures, outFeatures }, r }): [string, Tensor][] => {
          const a = new Float32Array(r * inFeatures);
          directions.get(module)?.forEach((row, i) => a.set(row, i * inFeatures));
          return [
            [weightName(module, "lora_A.weight"), ops.float(a, [r, inFeatures])],
            [weightName(module, "lora_B.weight"), ops.float(new Float32Array(outFeatures * r), [outFeatures, r])],
          ];
        }),
      ),
  );
  return buildAdapter(model, plan, { name: adapter.name, random: new Random(0), given, isNew: true });
}

/**
 * The configuration with the new ranks. `rankPattern` and `alphaPattern` name the layers that differ from r and alpha.
 */
function distributed(
  model: ClassificationModel,
  config: ResolvedLoraConfig,
  directions: ReadonlyMap<string, readonly Float64Array[]>,
): ResolvedLoraConfig {
  const rankPattern: Record<string, number> = {};
  const alphaPattern: Record<string, number> = {};
  const order = model.linears().flatMap(({ module }) => (directions.has(module) ? [module] : []));
  const targets = order.filter((module) => directions.get(module)?.length !== 0);
  for (const module of targets) {
    const rank = directions.get(module)?.length ?? 0;
    const before = patternValue(config.rankPattern, module) ?? config.r;
    const alpha = patternValue(config.alphaPattern, module) ?? config.loraAlpha;
    const adjusted = config.evaConfig?.adjustScalingFactors === true ? alpha * (rank / before) : alpha;
    if (rank !== config.r) rankPattern[module] = rank;
    if (adjusted !== config.loraAlpha) alphaPattern[module] = adjusted;
  }
  // peft ignores the layers of rank 0 here, so that a short ending may name them again on loading.
  const others = [...moduleTree(model).keys()].filter((name) => !targets.includes(name));
  return { ...config, targetModules: minimalTargets(targets, others), rankPattern, alphaPattern };
}
