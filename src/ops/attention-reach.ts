import type { AttentionInputs, AttentionLayout } from "./ops";

/** The tokens of the longest document. */
export function longestOf(groups: AttentionLayout["groups"]): number {
  return groups.reduce((longest, { length }) => Math.max(longest, length), 0);
}

/** The layout's window; undefined if no document is long enough for it. */
export function limitingWindow({ window, groups }: Pick<AttentionLayout, "window" | "groups">): number | undefined {
  return window !== undefined && window < longestOf(groups) - 1 ? window : undefined;
}

/** Whether attention has neither a window nor relative terms. */
export function isPlain({ bias, positions }: AttentionInputs, layout: AttentionLayout): boolean {
  return bias === undefined && positions === undefined && limitingWindow(layout) === undefined;
}

/** The scores' factor for q [queries, width]. */
export function scoreScale({ scale, heads }: AttentionLayout, width: number): number {
  return scale ?? 1 / Math.sqrt(width / heads);
}

/** The farthest distance that a table of 2 reach + 1 columns holds. */
export function reachOf(columns: number): number {
  return (columns - 1) / 2;
}

/** @throws RangeError if the window, the bias or the positions do not fit the layout */
export function checkRelative({ q, bias, positions }: AttentionInputs, layout: AttentionLayout): void {
  const { heads, groups, window } = layout;
  if (window !== undefined && !(Number.isInteger(window) && window >= 0))
    throw new RangeError(`window must be a whole number, at least 0; got ${window}.`);
  const needed = limitingWindow(layout) ?? longestOf(groups) - 1;
  const reaches = (columns: number): boolean => columns % 2 === 1 && reachOf(columns) >= needed;
  if (bias !== undefined && !(bias.shape.length === 2 && bias.shape[0] === heads && reaches(bias.shape[1])))
    throw new RangeError(
      `bias must be [${heads}, 2 reach + 1] with a reach of at least ${needed}; got [${bias.shape.join(", ")}].`,
    );
  if (positions === undefined) return;
  const { key, query, index } = positions;
  const rows = (key ?? query)?.shape[0];
  if (rows === undefined) throw new RangeError("positions must have a key or a query; got neither.");
  for (const [name, tensor] of Object.entries({ key, query }))
    if (
      tensor !== undefined &&
      !(tensor.shape.length === 2 && tensor.shape[0] === rows && tensor.shape[1] === q.shape[1])
    )
      throw new RangeError(`positions.${name} must be [${rows}, ${q.shape[1]}]; got [${tensor.shape.join(", ")}].`);
  if (!reaches(index.length))
    throw new RangeError(
      `positions.index must have 2 reach + 1 numbers with a reach of at least ${needed}; got ${index.length} numbers.`,
    );
  const wrong = index.find((row) => row < 0 || row >= rows);
  if (wrong !== undefined)
    throw new RangeError(`positions.index must hold rows of its ${rows} positions; got ${wrong}.`);
}

/** @throws RangeError if a window limits the layout, for operations that have none */
export function refuseWindow(layout: AttentionLayout): void {
  if (limitingWindow(layout) !== undefined)
    throw new RangeError(`poolTokens must have a layout without a window; got window ${layout.window}.`);
}
