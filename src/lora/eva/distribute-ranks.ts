/** A layer among which ranks are distributed. */
export interface RankedLayer {
  readonly module: string;
  /** The first layer with the same input, whose components this layer has; the layer itself if it is the first. */
  readonly source: string;
}

/**
 * Distributes a budget of ranks over layers: one rank for each of the components with the largest explained variance
 * ratios over all layers. Among layers with the same input, the first has the highest rank.
 *
 * Layers with the same input have equal ratios. If the budget ends among them, the earlier layers get the last ranks;
 * in peft, the order of equal numbers depends on the processor's sorting instructions.
 *
 * @param options.layers - the layers with an input of their own first
 * @param options.ratios - of each source, in descending order
 * @returns the rank of each layer, which may be 0
 */
export function distributeRanks(options: {
  layers: readonly RankedLayer[];
  ratios: ReadonlyMap<string, ArrayLike<number>>;
  budget: number;
}): Map<string, number> {
  const { layers, ratios, budget } = options;
  const all = layers.flatMap(({ module, source }) =>
    Array.from(ratios.get(source) ?? [], (ratio) => ({ module, ratio })),
  );
  all.sort((a, b) => b.ratio - a.ratio);
  const ranks = new Map(layers.map(({ module }) => [module, 0]));
  for (const { module } of all.slice(0, budget)) ranks.set(module, (ranks.get(module) ?? 0) + 1);
  for (const { module, source } of layers) {
    const [own, first] = [ranks.get(module) ?? 0, ranks.get(source) ?? 0];
    if (module === source || first >= own) continue;
    ranks.set(source, own);
    ranks.set(module, first);
  }
  return ranks;
}
