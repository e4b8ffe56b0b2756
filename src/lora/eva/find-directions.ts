import { TsloraError } from "../../base/tslora-error";
import type { Ops } from "../../ops/ops";
import { distributeRanks, type RankedLayer } from "./distribute-ranks";
import { IncrementalPca, type Components } from "./incremental-pca";

/** A layer that gets directions. */
export interface EvaLayer {
  readonly module: string;
  readonly features: number;
  /** Its rank before the distribution. */
  readonly r: number;
}

/** Reads the inputs of layers for a batch: [rows, features], once for each time that a layer runs. */
export type ReadInputs = (
  modules: readonly string[],
  batch: number,
) => AsyncIterable<readonly [module: string, x: Float32Array]>;

/** Options of {@link findDirections}. */
export interface FindDirectionsOptions {
  readonly ops: Ops;
  /** In the model's order. */
  readonly layers: readonly EvaLayer[];
  /** The first layer with the same input, for each layer. */
  readonly sources: ReadonlyMap<string, string>;
  readonly rho: number;
  readonly tau: number;
  readonly whiten: boolean;
  /** Number of batches. They are repeated until all directions have converged. */
  readonly batches: number;
  readonly inputs: ReadInputs;
  /** Called after each batch with the number of layers whose directions have converged. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** Directions that have not converged after so many passes over the batches are an error. */
const MOST_PASSES = 100;

/** A layer whose input no earlier layer has, and the principal components of that input so far. */
interface Watched {
  readonly layer: EvaLayer;
  readonly pca: IncrementalPca;
  /** For each direction, whether the last batch has hardly changed it. */
  similar: readonly boolean[];
}

/**
 * The directions of EVA (Paischer et al., "Explained Variance Adaptation", 2024), as peft finds them: for each layer,
 * the first principal components of its inputs. Their number is the layer's share of a common budget of ranks.
 *
 * @returns rows of A for each layer, as many as its new rank, which may be 0
 * @throws TsloraError `bad-input` if the batches are too small, or the directions do not converge.
 */
export async function findDirections(
  options: FindDirectionsOptions,
): Promise<ReadonlyMap<string, readonly Float64Array[]>> {
  const { ops, sources, tau, batches, inputs, onProgress, signal } = options;
  const layers = ranked(options);
  const sizes = mostComponents(options);
  const watched = new Map(
    options.layers
      .filter(({ module }) => sources.get(module) === module)
      .map((layer): [string, Watched] => {
        const pca = new IncrementalPca(ops, { components: sizeOf(sizes, layer.module), features: layer.features });
        return [layer.module, { layer, pca, similar: [] }];
      }),
  );
  const budget = options.layers.reduce((sum, { r }) => sum + r, 0);
  let ranks = new Map(layers.map(({ module }) => [module, sizeOf(sizes, module)]));
  for (let visit = 0; ; visit++) {
    signal?.throwIfAborted();
    const due = [...watched.values()].filter(
      ({ layer: { module }, similar }) => !converged(similar, ranks.get(module)),
    );
    onProgress?.(watched.size - due.length, watched.size);
    if (due.length === 0) break;
    if (visit >= MOST_PASSES * batches) throw notConverging(due, { visit, tau });
    const modules = due.map(({ layer: { module } }) => module);
    for await (const [module, x] of inputs(modules, visit % batches)) {
      const one = watched.get(module);
      if (one !== undefined && x.length >= sizeOf(sizes, module) * one.layer.features) await take(one, x, tau);
    }
    const empty = [...watched.values()].filter(({ pca }) => pca.components === undefined);
    if (empty.length === 0) ranks = distributeRanks({ layers, ratios: ratiosOf(watched), budget });
    else if (visit + 1 >= batches) throw tooSmall(empty[0].layer.module, sizeOf(sizes, empty[0].layer.module));
  }
  return new Map(
    layers.map(({ module, source }) => [
      module,
      rowsOf(watched.get(source)?.pca.components, { rank: ranks.get(module) ?? 0, whiten: options.whiten }),
    ]),
  );
}

/** Adds a batch, and compares the directions with the earlier ones. */
async function take(one: Watched, x: Float32Array, tau: number): Promise<void> {
  const before = one.pca.components;
  const { vectors } = await one.pca.fit(x);
  if (before !== undefined) one.similar = vectors.map((vector, i) => cosine(vector, before.vectors[i]) >= tau);
}

function converged(similar: readonly boolean[], rank = 0): boolean {
  return rank === 0 || (similar.length > 0 && similar.slice(0, rank).every(Boolean));
}

/** The layers that are their own source, then the others. */
function ranked({ layers, sources }: FindDirectionsOptions): RankedLayer[] {
  const all = layers.map(({ module }) => ({ module, source: sources.get(module) ?? module }));
  return [
    ...all.filter(({ module, source }) => module === source),
    ...all.filter(({ module, source }) => module !== source),
  ];
}

/** The number of components to find for each layer: the same for all layers with one input. */
function mostComponents({ layers, sources, rho }: FindDirectionsOptions): ReadonlyMap<string, number> {
  const most = new Map<string, number>();
  for (const { module, r } of layers) {
    const source = sources.get(module) ?? module;
    most.set(source, Math.max(most.get(source) ?? 0, evaComponents(r, rho)));
  }
  return new Map(layers.map(({ module }) => [module, sizeOf(most, sources.get(module) ?? module)]));
}

/** The highest rank that EVA gives to a layer of rank r: r times rho, rounded half to even as in Python. */
export function evaComponents(r: number, rho: number): number {
  const [product, below] = [r * rho, Math.floor(r * rho)];
  return product - below === 0.5 ? below + (below % 2) : Math.round(product);
}

function sizeOf(sizes: ReadonlyMap<string, number>, module: string): number {
  return sizes.get(module) ?? 0;
}

function ratiosOf(watched: ReadonlyMap<string, Watched>): ReadonlyMap<string, Float64Array> {
  return new Map(
    [...watched].map(([module, { pca }]) => [module, pca.components?.explainedVarianceRatio ?? new Float64Array()]),
  );
}

function rowsOf(found: Components | undefined, { rank, whiten }: { rank: number; whiten: boolean }): Float64Array[] {
  return (found?.vectors ?? []).slice(0, rank).map((vector, i) => {
    const factor = whiten ? 1 / Math.sqrt(found?.singularValues[i] ?? 1) : 1;
    return vector.map((value) => value * factor);
  });
}

/** torch's cosine similarity. */
function cosine(x: Float64Array, y: Float64Array): number {
  let [xy, xx, yy] = [0, 0, 0];
  x.forEach((value, i) => {
    xy += value * y[i];
    xx += value ** 2;
    yy += y[i] ** 2;
  });
  return xy / Math.max(Math.sqrt(xx * yy), 1e-8);
}

function tooSmall(module: string, components: number): TsloraError {
  return new TsloraError(
    "bad-input",
    `initializeLoraEvaWeights: a batch must have at least ${components} rows for ${module}, one for each direction ` +
      "(r times rho); all are smaller. Use larger batches (perDeviceTrainBatchSize), or a smaller r or rho.",
  );
}

function notConverging(due: readonly Watched[], { visit, tau }: { visit: number; tau: number }): TsloraError {
  return new TsloraError(
    "bad-input",
    `initializeLoraEvaWeights: the directions of ${due[0].layer.module} must have converged after ${visit} batches; ` +
      `their cosine similarities are still below tau, ${tau}. Choose a lower tau or rho, or give more texts.`,
  );
}
