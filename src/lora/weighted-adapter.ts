import { Problems } from "../base/problems";
import { Random } from "../base/random";
import type { Tensor } from "../ops/tensor";
import type { ClassificationModel } from "../model/classification-model";
import type { Adapter } from "./adapter";
import type { AdapterSet } from "./adapter-set";
import { buildAdapter } from "./build-adapter";
import type { ResolvedLoraConfig } from "./lora-config";
import { changedMeanwhile } from "./merge-check";
import { planAdapter, type AdapterPlan } from "./plan-adapter";

/** Options of `addWeightedAdapter`. */
export interface WeightedAdapterOptions {
  /** Names of the adapters to combine. */
  readonly adapters: readonly string[];
  /** Weight of each adapter; a negative one subtracts. */
  readonly weights: readonly number[];
  /** Name of the new adapter. */
  readonly name: string;
  /**
   * The method. "svd": the weighted sum of the updates, truncated to `svdRank`. "cat": the exact sum; its rank is the
   * sum of the ranks. "linear": sums all A and all B separately, each times the square root of weight times scaling; it
   * is fast, but only approximates the sum. A single adapter always uses "linear", as in peft.
   * @default "svd"
   */
  readonly combinationType?: "linear" | "cat" | "svd";
  /**
   * Rank of the result of "svd".
   * @default the largest rank of the adapters
   */
  readonly svdRank?: number;
  /**
   * The adapter whose head (and other `modulesToSave`) the combination gets. Optional if all heads are equal bit for
   * bit. (peft refuses to combine adapters that have a head.)
   */
  readonly head?: string;
}

/**
 * Adds an adapter that is a weighted sum of others, as peft's `add_weighted_adapter` does. Its `loraAlpha` equals r and
 * `useRslora` is false, so that its scaling is 1 (peft 0.21 keeps `use_rslora`, which makes the sum sqrt(r) times as
 * large); its `modulesToSave` are the head's; its other options are those of the first adapter. Refuses adapters with
 * DoRA, with trained biases, or initialized by PiSSA or OLoRA.
 *
 * @throws TsloraError `bad-option` that lists everything wrong, or `bad-input` if another call changes the adapters
 *   meanwhile; nothing changes in these cases.
 */
export async function addWeightedAdapter(
  set: AdapterSet,
  model: ClassificationModel,
  options: WeightedAdapterOptions,
): Promise<Adapter> {
  const problems = new Problems("addWeightedAdapter");
  const { adapters, type, head } = checkCombination(set, options, problems);
  const r = combinedRank(adapters, { type, svdRank: options.svdRank, problems });
  const config = combinedConfig(adapters, { r, head, problems });
  problems.throwIfAny();
  const plan = planAdapter(model, config, { problems, strict: false });
  checkLayers(plan, { adapters, head, r, type, problems });
  if (options.head === undefined) {
    const expectUnchanged = (): void => {
      const now = checkCombination(set, options, problems);
      if (now.adapters.some((adapter, i) => adapter !== adapters[i])) throw changedMeanwhile("addWeightedAdapter");
    };
    const isSame = await sameSaved(model, adapters).catch((error: unknown) => {
      expectUnchanged(); // the values of an adapter that is deleted cannot be read
      throw error;
    });
    problems.expect(
      isSame,
      "the adapters' heads (or other modulesToSave) differ, and whole modules cannot be summed; " +
        `name the one to take: head: "${adapters[0].name}"`,
    );
    expectUnchanged();
  }
  problems.throwIfAny();

  const { weights, name } = options;
  const tensors = combinedTensors(model, plan, { adapters, weights, type, r, head });
  const combined = buildAdapter(model, plan, { name, random: new Random(0), given: new Map(Object.entries(tensors)) });
  for (const [own, copy] of head.saved) {
    const taken = combined.saved.get(own);
    if (taken !== undefined) taken.drawn = copy.drawn;
  }
  combined.takesPairs = adapters.some(({ takesPairs }) => takesPairs);
  return set.accept(combined);
}

type CombinationType = NonNullable<WeightedAdapterOptions["combinationType"]>;

/** The adapters to combine, and the method. */
interface Combination {
  readonly adapters: readonly Adapter[];
  readonly type: CombinationType;
  /** The adapter whose head the combination gets. */
  readonly head: Adapter;
}

/** Finds the adapters and checks that they can be summed. */
function checkCombination(set: AdapterSet, options: WeightedAdapterOptions, problems: Problems): Combination {
  const { weights, name } = options;
  const adapters = [...new Set(options.adapters)].map((other) => set.get(other, "addWeightedAdapter"));
  problems.expect(
    adapters.length > 0 && adapters.length === options.adapters.length,
    "adapters must be a list of names of different adapters, at least one",
  );
  problems.expect(
    Array.isArray(weights) && weights.length === options.adapters.length && weights.every(Number.isFinite),
    `weights must be ${options.adapters.length} numbers, one for each adapter; got ${JSON.stringify(weights)}`,
  );
  const given = options.combinationType ?? "svd";
  problems.expect(
    ["linear", "cat", "svd"].includes(given),
    `combinationType must be "linear", "cat" or "svd"; got ${JSON.stringify(given)}`,
  );
  problems.expect(options.svdRank === undefined || given === "svd", 'svdRank is only for combinationType "svd"');
  for (const { name: other, config } of adapters) {
    problems.expect(!config.useDora, `"${other}" uses DoRA, whose magnitudes cannot be summed`);
    problems.expect(config.bias === "none", `"${other}" trains biases, which cannot be summed`);
    problems.expect(
      config.initLoraWeights !== "pissa" && config.initLoraWeights !== "olora",
      `"${other}" was initialized by ${String(config.initLoraWeights)}, so that it updates other weights than the model's own`,
    );
  }
  set.checkNew(name, { call: "addWeightedAdapter", bias: "none", problems });
  const named = adapters.find((adapter) => adapter.name === (options.head ?? adapters[0]?.name));
  problems.expect(named !== undefined, `head must be one of the adapters; got "${options.head ?? ""}"`);
  problems.throwIfAny();
  return { adapters, type: adapters.length === 1 ? "linear" : given, head: named ?? adapters[0] };
}

function combinedRank(
  adapters: readonly Adapter[],
  { type, svdRank, problems }: { type: CombinationType; svdRank: number | undefined; problems: Problems },
): number {
  const ranks = adapters.map(({ config }) => Math.max(config.r, ...Object.values(config.rankPattern)));
  const largest = Math.max(...ranks);
  problems.expect(
    type !== "linear" || ranks.every((rank) => rank === largest),
    `combinationType "linear" needs adapters of one rank; theirs are ${ranks.join(", ")}`,
  );
  const r = { linear: largest, cat: ranks.reduce((a, b) => a + b, 0), svd: svdRank ?? largest }[type];
  problems.expect(Number.isInteger(r) && r > 0, `svdRank must be a whole number above 0; got ${String(svdRank)}`);
  return r;
}

/** Computes the combination's tensors under peft's names: A and B of each layer, and the head's weights. */
function combinedTensors(
  model: ClassificationModel,
  plan: AdapterPlan,
  { adapters, weights, type, r, head }: Combination & { weights: readonly number[]; r: number },
): Readonly<Record<string, Tensor>> {
  const { ops } = model;
  const combine = { cat: concatenated, linear: summed, svd: decomposed }[type];
  return ops.escape(() => {
    const found: Record<string, Tensor> = {};
    for (const { linear } of plan.layers) {
      const parts = adapters.flatMap((adapter, i) => {
        const update = adapter.updates.get(linear.module);
        return update === undefined
          ? []
          : [{ a: update.a.value, b: update.b.value, factor: weights[i] * update.scaling }];
      });
      const pair = ops.tidy(() => padded(model, combine(model, parts, r), r));
      for (const part of ["a", "b"] as const)
        found[`base_model.model.${linear.module}.lora_${part.toUpperCase()}.weight`] = pair[part];
    }
    for (const [own, copy] of head.saved) found[`base_model.model.${own.name}`] = ops.reshape(copy.value, copy.shape);
    return found;
  });
}

interface Part {
  readonly a: Tensor;
  readonly b: Tensor;
  /** Weight times scaling. */
  readonly factor: number;
}
type Pair = Pick<Part, "a" | "b">;

function concatenated({ ops }: ClassificationModel, parts: readonly Part[]): Pair {
  const across = (x: Tensor): Tensor => ops.transpose(x, [1, 0]);
  const joined = (rows: readonly Tensor[]): Tensor => (rows.length === 1 ? rows[0] : ops.concatRows(rows));
  return {
    a: joined(parts.map(({ a, factor }) => ops.scale(a, factor))),
    b: across(joined(parts.map(({ b }) => across(b)))),
  };
}

function summed(model: ClassificationModel, parts: readonly Part[], r: number): Pair {
  const { ops } = model;
  const roots = parts.map(({ a, b, factor }) => {
    const root = Math.sqrt(Math.abs(factor));
    return padded(model, { a: ops.scale(a, factor < 0 ? -root : root), b: ops.scale(b, root) }, r);
  });
  return roots.reduce((sum, next) => ({ a: ops.add(sum.a, next.a), b: ops.add(sum.b, next.b) }));
}

function decomposed({ ops }: ClassificationModel, parts: readonly Part[], r: number): Pair {
  const whole = parts
    .map(({ a, b, factor }) => ops.scale(ops.matMul(b, a), factor))
    .reduce((sum, next) => ops.add(sum, next)); // [out, in]
  const { u, s, v } = ops.svd(whole);
  const first = (vectors: Tensor): Tensor => ops.sliceRows(ops.transpose(vectors, [1, 0]), 0, r); // [r, ...]
  return { a: first(v), b: ops.transpose(ops.mul(first(u), ops.reshape(ops.sliceRows(s, 0, r), [r, 1])), [1, 0]) };
}

/** Pads A and B of a lower rank to rank r with zeros. */
function padded({ ops }: ClassificationModel, { a, b }: Pair, r: number): Pair {
  const missing = r - a.shape[0];
  if (missing === 0) return { a, b };
  const zeros = (width: number): Tensor => ops.float(new Float32Array(missing * width), [missing, width]);
  const across = (x: Tensor): Tensor => ops.transpose(x, [1, 0]);
  return { a: ops.concatRows([a, zeros(a.shape[1])]), b: across(ops.concatRows([across(b), zeros(b.shape[0])])) };
}

/** The first adapter's configuration with the layers of all adapters, combined as in peft, and the head's modules. */
function combinedConfig(
  adapters: readonly Adapter[],
  { r, head, problems }: { r: number; head: Adapter; problems: Problems },
): ResolvedLoraConfig {
  const targets = adapters.map(({ config }) => config.targetModules);
  const patterns = targets.filter((target): target is string => typeof target === "string");
  problems.expect(
    patterns.length === 0 || patterns.length === targets.length,
    "targetModules of all adapters must be patterns, or all must be lists; got both",
  );
  const targetModules =
    patterns.length === 0 ? [...new Set(targets.flat())] : patterns.map((pattern) => `(${pattern})`).join("|");
  return {
    ...adapters[0].config,
    r,
    loraAlpha: r,
    useRslora: false, // the parts hold the scaling of each adapter
    targetModules,
    modulesToSave: head.config.modulesToSave,
    rankPattern: {},
    alphaPattern: {},
    initLoraWeights: true,
    evaConfig: undefined,
  };
}

function checkLayers(
  plan: AdapterPlan,
  { adapters, head, r, type, problems }: Combination & { r: number; problems: Problems },
): void {
  const combined = new Set(plan.layers.map(({ linear }) => linear.module));
  const theirs = new Set(adapters.flatMap(({ updates }) => [...updates.keys()]));
  const lost = [...theirs].filter((module) => !combined.has(module));
  const bare = [...combined].filter((module) => !theirs.has(module));
  problems.expect(
    lost.length === 0,
    `the combination has "${adapters[0].name}"'s excludeModules and layersToTransform, and "${head.name}"'s modulesToSave, which leave out ${lost.join(", ")}`,
  );
  problems.expect(bare.length === 0, `the combination would adapt ${bare.join(", ")}, which none of the adapters does`);
  for (const { linear } of type === "linear" ? plan.layers : []) {
    const theirRanks = adapters.flatMap(({ updates }) => updates.get(linear.module)?.a.shape[0] ?? []);
    problems.expect(
      theirRanks.every((rank) => rank === theirRanks[0]),
      `combinationType "linear" needs adapters of one rank; in ${linear.module} theirs are ${theirRanks.join(", ")}`,
    );
  }
  if (type !== "svd") return;
  for (const { linear } of plan.layers)
    problems.expect(
      r <= Math.min(linear.inFeatures, linear.outFeatures),
      `svdRank must be at most the rank of ${linear.module}, ${Math.min(linear.inFeatures, linear.outFeatures)}; got ${r}`,
    );
}

/** Whether the copies of fully trained modules are equal bit for bit in all adapters. */
async function sameSaved({ ops }: ClassificationModel, adapters: readonly Adapter[]): Promise<boolean> {
  const [first, ...others] = adapters.map(({ saved }) => saved);
  for (const other of others) {
    if (other.size !== first.size) return false;
    for (const [own, copy] of first) {
      const theirs = other.get(own);
      if (theirs === undefined) return false;
      const [a, b] = [Float32Array.from(await ops.read(copy.value)), await ops.read(theirs.value)];
      if (!a.every((value, i) => Object.is(value, b[i]))) return false;
    }
  }
  return true;
}
