import type { Tensor } from "../../ops/tensor";
import type { DisentangledStructure, EncoderConfig } from "../encoder-structure";
import { applyDropout, dropoutBackward } from "./dropout";
import type { LayerPlan } from "./layer-plan";
import { Linear } from "./linear";
import { dropoutOf, type BackwardPass, type ForwardPass } from "./pass";
import { projectionsBackward } from "./projections-backward";
import type { RelativePositions } from "./relative-positions";
import { withoutSegments } from "./segments";
import type { Attention, AttentionPartSaved, DisentangledSaved, ProjectedPositions } from "./attention";

/** The projections of a layer. Positions have projections of their own, or share those of the content. */
export interface DisentangledModules {
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  /** From a position to a key; undefined if `key` does it or no term needs it. */
  readonly positionKey?: Linear | undefined;
  /** From a position to a query; undefined if `query` does it or no term needs it. */
  readonly positionQuery?: Linear | undefined;
}

/** Attention with scores content to content, content to position, and position to content (He et al., 2021). */
export class DisentangledAttention implements Attention {
  readonly #config: EncoderConfig;
  readonly #structure: DisentangledStructure;
  readonly #relative: RelativePositions | undefined;

  constructor(
    readonly modules: DisentangledModules,
    options: {
      config: EncoderConfig;
      structure: DisentangledStructure;
      /** The positions' embeddings; undefined without relative attention. */
      relative: RelativePositions | undefined;
    },
  ) {
    this.#config = options.config;
    this.#structure = options.structure;
    this.#relative = options.relative;
  }

  get linears(): readonly Linear[] {
    const { query, key, value, positionKey, positionQuery } = this.modules;
    return [query, key, value, positionKey, positionQuery].flatMap((linear) => linear ?? []);
  }

  get hasTrainables(): boolean {
    return this.linears.some((linear) => linear.hasTrainables) || this.#relative?.hasTrainables === true;
  }

  forward(
    pass: ForwardPass,
    { x, queried, plan }: { x: Tensor; queried: Tensor; plan: LayerPlan },
  ): { y: Tensor; saved: DisentangledSaved } {
    const { ops } = pass;
    const { numAttentionHeads: heads, hiddenSize, attentionDropout } = this.#config;
    const { terms } = this.#structure;
    return ops.tidy(() => {
      const query = this.modules.query.forward(pass, queried);
      const [key, value] = [this.modules.key.forward(pass, x), this.modules.value.forward(pass, x)];
      const positions = this.#project(pass, plan);
      const given = positions.key !== undefined || positions.query !== undefined;
      const index = given ? plan.relative?.index : undefined;
      const scale = 1 / Math.sqrt((hiddenSize / heads) * (1 + terms.length));
      const { y, saved: attention } = ops.attention(
        {
          ...{ q: query.y, k: key.y, v: value.y },
          positions: index && { key: positions.key?.y, query: positions.query?.y, index },
        },
        {
          layout: { heads, groups: plan.groups, span: plan.span, scale },
          drop: dropoutOf(pass)?.next(attentionDropout),
          keep: pass.kind === "training",
        },
      );
      const saved = { query: query.saved, key: key.saved, value: value.saved, attention, positions };
      return { y, saved: { kind: "disentangled", ...saved } };
    });
  }

  backward(
    pass: BackwardPass,
    dy: Tensor,
    from: { saved: AttentionPartSaved; plan: LayerPlan; plus: readonly Tensor[]; needsInput: boolean },
  ): { dx: Tensor; dQueried?: Tensor } | undefined {
    const { saved, plan, plus, needsInput } = from;
    if (saved.kind !== "disentangled") throw new TypeError("The saved state is of another kind of attention.");
    const { ops } = pass;
    const { query, key, value } = this.modules;
    const { keys, queries } = this.#projections();
    const needsRows = this.#relative?.hasTrainables === true;
    return ops.tidy(() => {
      const { dq, dk, dv, dPositions } = ops.attentionBackward(dy, saved.attention, {
        needsKey: needsInput || key.hasTrainables,
        needsPositions: needsRows || keys.hasTrainables || queries.hasTrainables,
      });
      this.#projectBackward(pass, { ...dPositions }, { saved: saved.positions, plan });
      return projectionsBackward(pass, {
        query: { linear: query, saved: saved.query },
        key: { linear: key, saved: saved.key },
        value: { linear: value, saved: saved.value },
        gradients: { dq, dk, dv },
        span: saved.attention.layout.span,
        plus,
        needsInput,
      });
    });
  }

  /** The layers that project positions to keys and to queries. */
  #projections(): { keys: Linear; queries: Linear } {
    const { query, key, positionKey, positionQuery } = this.modules;
    return { keys: positionKey ?? key, queries: positionQuery ?? query };
  }

  #project(pass: ForwardPass, { relative }: LayerPlan): ProjectedPositions {
    if (relative === undefined) return {};
    const { terms } = this.#structure;
    const { keys, queries } = this.#projections();
    const source = dropoutOf(pass);
    const whole = withoutSegments(pass); // positions are the same for all documents
    const dropped = applyDropout(relative.rows, { ops: pass.ops, source, rate: this.#config.hiddenDropout });
    return {
      dropout: dropped.saved,
      key: terms.includes("c2p") ? keys.forward(whole, dropped.y) : undefined,
      query: terms.includes("p2c") ? queries.forward(whole, dropped.y) : undefined,
    };
  }

  /** Adds the gradients of the projections of positions, and of the positions' embeddings. */
  #projectBackward(
    pass: BackwardPass,
    d: { readonly key?: Tensor | undefined; readonly query?: Tensor | undefined },
    { saved, plan }: { saved: ProjectedPositions; plan: LayerPlan },
  ): void {
    const { ops } = pass;
    const { keys, queries } = this.#projections();
    const through = [
      ...(d.key === undefined || saved.key === undefined ? [] : [{ linear: keys, dy: d.key, saved: saved.key.saved }]),
      ...(d.query === undefined || saved.query === undefined
        ? []
        : [{ linear: queries, dy: d.query, saved: saved.query.saved }]),
    ];
    if (through.length === 0) return;
    const needsInput = this.#relative?.hasTrainables === true;
    const dDropped = Linear.backwardOfAll(pass, through, { needsInput });
    if (dDropped === undefined || plan.relative === undefined) return;
    const dRows = dropoutBackward(dDropped, { ops, saved: saved.dropout });
    this.#relative?.addGradient(pass, dRows, plan.relative);
  }
}
