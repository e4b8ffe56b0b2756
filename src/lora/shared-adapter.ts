import type { Ops } from "../ops/ops";
import type { Tensor } from "../ops/tensor";
import type { ClassificationModel } from "../model/classification-model";
import type { Linear } from "../model/parts/linear";
import type { Parameter } from "../model/parts/parameter";
import type { AdaptedWeights, AdapterSaved, ForwardPass, LinearAdapter, ModelChanges } from "../model/parts/pass";
import type { Adapter } from "./adapter";
import { DoraLinear } from "./dora-linear";
import type { LoraUpdate } from "./lora-linear";

/** An adapter's part in forward passes that documents of several adapters share. */
export type Sharing =
  | { readonly kind: "shared"; readonly changes: ModelChanges; readonly dispose: () => void }
  /** It changes something that all documents of a pass share, so it needs passes of its own. */
  | { readonly kind: "alone"; readonly because: string };

/**
 * Prepares an adapter for forward passes that it shares with other adapters. The adapter must not change afterwards. It
 * still owns its weights; `dispose` frees only tensors that are computed from them here.
 */
export function shareAdapter(model: ClassificationModel, adapter: Adapter): Sharing {
  const because = reasonToRunAlone(model, adapter);
  if (because !== undefined) return { kind: "alone", because };
  const { ops } = model;
  const layers = new Map(model.linears().map((linear) => [linear.module, linear]));
  const fixed: FixedDora[] = [];
  const updates = new Map<string, LinearAdapter>();
  for (const [module, update] of adapter.updates) {
    const linear = layers.get(module);
    const prepared = update instanceof DoraLinear && linear !== undefined ? new FixedDora(ops, update, linear) : update;
    if (prepared instanceof FixedDora) fixed.push(prepared);
    updates.set(module, prepared);
  }
  return {
    kind: "shared",
    changes: { updates, substitutes: adapter.substitutes() },
    dispose: () => {
      for (const update of fixed) update.dispose();
    },
  };
}

function reasonToRunAlone(model: ClassificationModel, adapter: Adapter): string | undefined {
  if (adapter.residuals.size > 0) return `initLoraWeights "${String(adapter.config.initLoraWeights)}" changes the base`;
  const { relative, positions } = model.modules;
  const common = [...model.tables(), ...(positions?.norms ?? []).flatMap(({ parameters }) => parameters)];
  const changed = adapter.substitutes();
  const table = common.find((own) => changed.has(own));
  if (table !== undefined) return `it replaces ${table.name}`;
  if (relative === undefined && positions === undefined) return undefined;
  const projections = positionProjections(model);
  const projected = projections.find(
    (linear) => adapter.updates.has(linear.module) || linear.parameters.some((own) => changed.has(own)),
  );
  return projected && `it changes ${projected.module}, which also projects positions`;
}

/** Every layer that may project relative positions: all of DeBERTa's attention but the values. */
function positionProjections({ modules: { positions, layers } }: ClassificationModel): Linear[] {
  if (positions === undefined) return [];
  const projects = /\.attention\.self\.(?!value_proj$)/;
  return layers.flatMap(({ linears }) => linears.filter(({ module }) => projects.test(module)));
}

/** A DoRA update whose ratio of magnitude and length is computed once. */
class FixedDora implements LinearAdapter {
  readonly #update: LoraUpdate;
  readonly #ops: Ops;
  /** m / |V|, [out] */
  readonly #ratio: Tensor;

  constructor(ops: Ops, update: DoraLinear, linear: Linear) {
    this.#ops = ops;
    this.#update = update;
    this.#ratio = ops.escape(() => linear.weight.lend((weight) => update.ratio(ops, weight)));
  }

  get parameters(): readonly Parameter[] {
    return this.#update.parameters;
  }

  forward(
    { ops }: ForwardPass,
    x: Tensor,
    { y, base }: { y: Tensor; base: AdaptedWeights },
  ): { y: Tensor; saved: AdapterSaved } {
    const { a, b, scaling } = this.#update;
    return ops.tidy(() => {
      const { low } = ops.lower(x, a.value, { scaling, drop: undefined }); // [rows, r]
      const whole = ops.addLowRank(ops.sub(y, base.bias), { low, b: b.value }); // [rows, out]
      return { y: ops.addBias(ops.mul(whole, this.#ratio), base.bias), saved: { tensors: {} } };
    });
  }

  backward(): never {
    throw new TypeError("A shared adapter has no backward pass.");
  }

  dispose(): void {
    this.#ops.dispose(this.#ratio);
  }
}
