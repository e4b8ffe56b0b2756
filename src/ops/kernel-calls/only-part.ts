/** The saved part of a forward pass. The kernels compute all documents in one. */
export function onlyPart<T>([part]: readonly T[]): T {
  if (part === undefined) throw new TypeError("A backward pass needs a forward pass with keep: true.");
  return part;
}
