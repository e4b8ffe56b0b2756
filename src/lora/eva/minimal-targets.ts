/** From this number of modules on, peft shortens a list of target modules. */
const SHORTENED_FROM = 20;

/**
 * The shortest endings that name the targets and no other module, as peft's `_find_minimal_target_modules`. A short
 * list stays as it is.
 *
 * @param others - names of the model's other modules
 */
export function minimalTargets(targets: readonly string[], others: readonly string[]): readonly string[] {
  if (targets.length < SHORTENED_FROM) return targets;
  const taken = new Set(others.flatMap(endingsOf));
  const sorted = [...targets].sort((a, b) => compare(endingsOf(a), endingsOf(b)));
  const found = new Set<string>();
  for (const target of sorted) {
    const endings = endingsOf(target);
    if (endings.some((ending) => found.has(ending) && ending !== target)) continue;
    const shortest = endings.find((ending) => !found.has(ending) && !taken.has(ending));
    if (shortest !== undefined) found.add(shortest);
  }
  return [...found];
}

/** A name's endings from a dot on, the shortest first. */
function endingsOf(name: string): string[] {
  const parts = name.split(".");
  return parts.map((_, i) => parts.slice(parts.length - 1 - i).join("."));
}

function compare(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return a[i] < b[i] ? -1 : 1;
  return a.length - b.length;
}
