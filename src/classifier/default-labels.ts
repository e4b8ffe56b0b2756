/**
 * The default names of labels: the model's own (`id2label`) if their number is right. Otherwise NEGATIVE and POSITIVE
 * for two labels, and LABEL_0, LABEL_1, ... for more.
 *
 * @param count - number of labels, such as of an adapter's head. By default the model's, or 2
 */
export function defaultLabels(
  id2label: readonly string[] | undefined,
  count: number = id2label?.length ?? 2,
): readonly string[] {
  if (id2label?.length === count) return id2label;
  return count === 2 ? ["NEGATIVE", "POSITIVE"] : Array.from({ length: count }, (_, i) => `LABEL_${i}`);
}
