import { Problems } from "../base/problems";
import { Random } from "../base/random";
import { TsloraError } from "../base/tslora-error";
import type { ClassificationModel } from "../model/classification-model";
import { expectFloat32 } from "../model/int8-weights";
import { Parameter, type Substitutes } from "../model/parts/parameter";
import type { Adapter } from "./adapter";
import { shownNames } from "../base/shown-value";
import { buildAdapter } from "./build-adapter";
import { drawnModules, withDrawnModules } from "./drawn-modules";
import type { LoraConfig } from "./lora-config";
import { changedMeanwhile, compareLogits, mergeCheck, probeLogits, type MergeCheck } from "./merge-check";
import { planAdapter } from "./plan-adapter";
import { resolveLoraConfig } from "./resolve-lora-config";

/** The state of a model's adapters: none, one active, all disabled, or one merged. */
export type AdapterState = "none" | "active" | "disabled" | "merged";

/** Options of merging an adapter into the weights. */
export interface MergeOptions {
  /**
   * Largest allowed difference of a logit on a fixed batch.
   * @default 1e-4, times the largest absolute logit if that is above 1
   */
  readonly bound?: number;
  /**
   * Whether to allow newly initialized weights that are not trained, to compare speed or another implementation.
   * @default false
   */
  readonly allowUntrained?: boolean;
}

/** Facts about a new adapter, for the checks before it is added. */
export interface NewAdapterCheck {
  /** The call, for messages. */
  readonly call: string;
  readonly bias: string;
  /**
   * Whether several adapters may train biases. peft refuses this; here each adapter works as if it were the only one.
   * @default false
   */
  readonly severalBiases?: boolean | undefined;
}

/** The name that peft gives to an adapter without one. */
export const DEFAULT_NAME = "default";

/**
 * The adapters of one model, and their state: which one is active, and whether it is merged. It owns the adapters.
 *
 * While a model has adapters, its own weights are never changed. An adapter's copies, and merged weights, replace them
 * temporarily, so that each adapter works as if it were the only one. (In peft, trained biases, and the changes that
 * PiSSA and OLoRA make to a weight, remain in the model for later adapters and after `unload`.)
 */
export class AdapterSet {
  readonly #model: ClassificationModel;
  readonly #seed: number;
  readonly #adapters = new Map<string, Adapter>();
  #active: Adapter | undefined;
  #disabled = false;
  /**
   * The merged weight for each of the model's own, and the result of the check. This object owns the merged weights.
   */
  #merged: { readonly weights: Substitutes; readonly check?: MergeCheck } | undefined;

  /** @param options.seed - seed of the initial weights of new adapters */
  constructor(model: ClassificationModel, options: { seed: number }) {
    this.#model = model;
    this.#seed = options.seed;
  }

  get state(): AdapterState {
    if (this.#active === undefined) return "none";
    if (this.#merged !== undefined) return "merged";
    return this.#disabled ? "disabled" : "active";
  }

  /** The active adapter, even if it is disabled. */
  get active(): Adapter | undefined {
    return this.#active;
  }

  /** The active adapter, unless adapters are disabled. */
  get enabledAdapter(): Adapter | undefined {
    return this.#disabled ? undefined : this.#active;
  }

  get names(): readonly string[] {
    return [...this.#adapters.keys()];
  }

  get all(): readonly Adapter[] {
    return [...this.#adapters.values()];
  }

  /** An adapter by its name. */
  get(name: string, call: string): Adapter {
    const adapter = this.#adapters.get(name);
    if (adapter === undefined)
      throw new TsloraError(
        "not-found",
        `${call}: there is no adapter "${name}"; ${this.#adapters.size === 0 ? "the model has none" : `there are ${this.names.map((n) => `"${n}"`).join(", ")}`}.`,
      );
    return adapter;
  }

  /**
   * Makes a new adapter. The first adapter becomes active. Logits stay the same until it is trained, unless
   * `initLoraWeights` is false.
   *
   * @throws TsloraError `bad-option` that lists everything wrong with the configuration.
   */
  add(config: LoraConfig, { name = DEFAULT_NAME }: { name?: string } = {}): Adapter {
    const problems = new Problems("addAdapter");
    this.checkNew(name, { call: "addAdapter", bias: config.bias ?? "none", problems });
    const resolved = withDrawnModules(resolveLoraConfig(config, { ...this.#model.config, problems }), this.#model);
    const plan = planAdapter(this.#model, resolved, { problems, strict: true });
    const drawn = drawnModules(this.#model);
    if (problems.count > 0 && drawn.length > 0)
      problems.expect(
        false,
        `(${shownNames(drawn)} ${drawn.length === 1 ? "is" : "are"} newly initialized, so fully trained instead of adapted)`,
      );
    problems.throwIfAny();
    const random = new Random(this.#seed).fork("lora");
    return this.accept(
      buildAdapter(this.#model, plan, { name, random: name === DEFAULT_NAME ? random : random.fork(name) }),
    );
  }

  /**
   * Checks that an adapter may be added: none is merged, the name is new and valid in peft, and at most one adapter
   * trains biases.
   */
  checkNew(
    name: string,
    { call, bias, problems, severalBiases = false }: NewAdapterCheck & { problems: Problems },
  ): void {
    this.expectNotMerged(call);
    problems.expect(
      /^[A-Za-z0-9_-]+$/.test(name),
      `an adapter's name must be of letters, digits, - and _; got "${name}"`,
    );
    problems.expect(
      !this.#adapters.has(name),
      `there is an adapter "${name}" already; give the new one another name, or delete it first with deleteAdapter("${name}")`,
    );
    const other = bias === "none" || severalBiases ? undefined : this.all.find(({ config }) => config.bias !== "none");
    problems.expect(
      other === undefined,
      `bias "${bias}": one adapter of a model may train biases, and "${other?.name ?? ""}" does`,
    );
  }

  /** Adds an adapter that was made elsewhere, and owns it from then on. The first adapter becomes active. */
  accept(adapter: Adapter): Adapter {
    if (this.#adapters.size === 0) for (const parameter of this.#model.parameters()) parameter.trainable = false;
    this.#adapters.set(adapter.name, adapter);
    this.#active ??= adapter;
    this.#apply();
    return adapter;
  }

  /** Replaces the adapter of the same name, and disposes of the old one. */
  replace(adapter: Adapter): Adapter {
    const before = this.get(adapter.name, "replace");
    this.#adapters.set(adapter.name, adapter);
    if (this.#active === before) this.#active = adapter;
    this.#apply();
    before.dispose();
    return adapter;
  }

  /** Makes another adapter active. */
  set(name: string): void {
    this.expectNotMerged("setAdapter");
    this.#active = this.get(name, "setAdapter");
    this.#apply();
  }

  /** Disables adapters, or enables the active one again. */
  setEnabled(enabled: boolean): void {
    const call = enabled ? "enableAdapter" : "disableAdapter";
    this.#expectAny(call);
    this.expectNotMerged(call);
    this.#disabled = !enabled;
    this.#apply();
  }

  /** Deletes an adapter. If it was active, the first of the others by name becomes active, as in peft. */
  delete(name: string): void {
    const adapter = this.get(name, "deleteAdapter");
    this.expectNotMerged("deleteAdapter");
    this.#adapters.delete(name);
    if (this.#active === adapter) this.#active = this.#adapters.get([...this.#adapters.keys()].sort()[0]);
    if (this.#active === undefined) this.#disabled = false;
    this.#apply();
    adapter.dispose();
  }

  /**
   * Merges the active adapter into the weights, and compares logits before and after on a small fixed batch.
   *
   * @param options.bound - largest allowed difference of a logit; by default 1e-4, times the largest absolute logit if
   *   that is above 1
   * @throws TsloraError `bad-input` if a logit differs by more; the model is then unchanged.
   */
  async merge(options: MergeOptions & { call?: string } = {}): Promise<MergeCheck> {
    const { call = "mergeAdapter", allowUntrained = false } = options;
    const adapter = this.#expectAny(call);
    this.expectNotMerged(call);
    expectFloat32(this.#model, call);
    if (this.#disabled) throw new TsloraError("bad-input", `${call}: adapters are disabled. Call enableAdapter first.`);
    if (!allowUntrained) this.expectAllTrained(call);
    const before = await probeLogits(this.#model);
    this.expectNotMerged(call); // another call may have merged it meanwhile
    if (this.enabledAdapter !== adapter) throw changedMeanwhile(call);
    const merged = { weights: this.#mergedWeights(adapter) };
    this.#merged = merged;
    this.#apply();
    try {
      const after = await probeLogits(this.#model);
      if (this.#merged !== merged) throw changedMeanwhile(call);
      const check = mergeCheck({
        adapter: adapter.name,
        layers: adapter.updates.size,
        ...compareLogits(before, { after, bound: options.bound }),
      });
      if (!(check.largestDifference <= check.bound))
        throw new TsloraError(
          "bad-input",
          `${call}: merging "${adapter.name}" must change logits by at most ${check.bound}; it changes them by ${check.largestDifference}. The model is unchanged; its weights or the adapter's may be NaN.`,
          { details: { ...check } },
        );
      this.#merged = { ...merged, check };
      return check;
    } catch (error) {
      if (this.#merged === merged) this.unmerge();
      throw error;
    }
  }

  /** Unmerges the adapter. The weights are again the model's own, bit for bit. */
  unmerge(): void {
    if (this.#merged === undefined) throw new TsloraError("bad-input", "unmergeAdapter: no adapter is merged.");
    this.#removeMerged();
    this.#apply();
  }

  /** Removes all adapters. The model, including its head, is bit for bit as it was before the first adapter. */
  unload(): void {
    this.#removeMerged();
    const adapters = this.all;
    this.#adapters.clear();
    this.#active = undefined;
    this.#disabled = false;
    this.#apply();
    for (const adapter of adapters) adapter.dispose();
  }

  /** Merges the active adapter, including its head, into the model's own weights, and removes all adapters. */
  async mergeAndUnload(options: MergeOptions = {}): Promise<MergeCheck> {
    this.#expectAny("mergeAndUnload");
    const check = this.#merged?.check ?? (await this.merge({ ...options, call: "mergeAndUnload" }));
    const { ops } = this.#model;
    const values = [...this.#substitutes()].map(([own, { value, shape, drawn }]) => ({
      own,
      drawn,
      value: ops.escape(() => ops.reshape(value, shape)),
    }));
    this.unload();
    for (const { own, drawn, value } of values) {
      own.assign(value);
      own.drawn = drawn;
    }
    return check;
  }

  /** The weight in use for one of the model's own: the one that currently replaces it, or the own weight itself. */
  inUse(own: Parameter): Parameter {
    return this.#substitutes().get(own) ?? own;
  }

  /** Names of the weights in use that loading initialized at random and that nothing has trained or replaced since. */
  get untrainedWeights(): string[] {
    const substitutes = this.#substitutes();
    return this.#model
      .parameters()
      .filter((own) => (substitutes.get(own) ?? own).drawn)
      .map(({ name }) => name);
  }

  /** @throws TsloraError if the enabled adapter was read from files and lacks weights that the model lacks too. */
  expectEnabledComplete(call: string): void {
    if (this.enabledAdapter !== undefined) this.expectAdapterComplete(this.enabledAdapter, call);
  }

  /** The same check for any adapter. */
  expectAdapterComplete(adapter: Adapter, call: string): void {
    if (adapter.isNew) return;
    const untrained = this.#model
      .parameters()
      .filter((own) => (adapter.saved.get(own) ?? own).drawn)
      .map(({ name }) => name);
    if (untrained.length > 0) throw lacking(call, { adapter: adapter.name, untrained });
  }

  /** @throws TsloraError if a weight in use is still as loading initialized it. */
  expectAllTrained(call: string): void {
    this.expectEnabledComplete(call);
    const untrained = this.untrainedWeights;
    if (untrained.length === 0) return;
    throw new TsloraError(
      "bad-input",
      `${call}: ${shownNames(untrained)} were newly initialized and are not trained: every result would be random. ` +
        "Train the classifier first, load an adapter that holds them, or load a trained model.",
      { details: { newlyInitialized: untrained } },
    );
  }

  /** @throws TsloraError if an adapter is merged. */
  expectNotMerged(call: string): void {
    if (this.#merged !== undefined)
      throw new TsloraError(
        "bad-input",
        `${call}: adapter "${this.#active?.name ?? ""}" is merged into the weights. Call unmergeAdapter first, or mergeAndUnload to keep the merged weights.`,
      );
  }

  dispose(): void {
    this.unload();
  }

  #expectAny(call: string): Adapter {
    if (this.#active === undefined)
      throw new TsloraError(
        "bad-input",
        `${call}: the classifier has no adapter. Add one with addAdapter or loadAdapter.`,
      );
    return this.#active;
  }

  #substitutes(): Substitutes {
    if (this.enabledAdapter === undefined) return new Map();
    return new Map([...this.enabledAdapter.substitutes(), ...(this.#merged?.weights ?? [])]);
  }

  #mergedWeights(adapter: Adapter): Substitutes {
    const { ops } = this.#model;
    const layers = this.#model.linears().filter(({ module }) => adapter.updates.has(module));
    const values = ops.escape(() =>
      layers.map((linear) =>
        this.inUse(linear.weight).lend((weight) => adapter.updates.get(linear.module)?.merged(ops, weight)),
      ),
    );
    return new Map(
      layers.flatMap(({ weight }, i) => {
        const value = values[i];
        return value === undefined ? [] : [[weight, new Parameter(ops, weight.name, value)] as const];
      }),
    );
  }

  #removeMerged(): void {
    const merged = this.#merged;
    this.#merged = undefined;
    this.#apply();
    for (const parameter of merged?.weights.values() ?? []) parameter.dispose();
  }

  /** Applies the state to the model. */
  #apply(): void {
    const state = this.state;
    const substitutes = this.#substitutes();
    for (const linear of this.#model.linears()) {
      linear.setAdapter(state === "active" ? this.#active?.updates.get(linear.module) : undefined);
      linear.use(substitutes);
    }
    for (const norm of this.#model.norms()) norm.use(substitutes);
    this.#model.modules.embeddings.use(substitutes);
    this.#model.modules.relative?.use(substitutes);
    this.#model.modules.positions?.use(substitutes);
    for (const adapter of this.#adapters.values()) adapter.setTrainable(state === "active" && adapter === this.#active);
  }
}

/** The error for newly initialized weights that the adapter does not hold either. */
function lacking(call: string, { adapter, untrained }: { adapter: string; untrained: readonly string[] }): TsloraError {
  return new TsloraError(
    "bad-input",
    `${call}: the model's ${shownNames(untrained)} were newly initialized when it was loaded, and the adapter "${adapter}" does not hold them: every result would be random. ` +
      "Load the base that the adapter was trained on, or train the adapter again: training saves them with it.",
    { details: { newlyInitialized: untrained, adapter } },
  );
}
