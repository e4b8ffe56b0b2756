/**
 * Names of labels if none are given: the model's own (`id2label`) if they are as many; else NEGATIVE and POSITIVE, or
 * LABEL_0, LABEL_1, ... for another number.
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
