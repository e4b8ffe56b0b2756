/** Names that a message lists: the first few, and a count of the others. Long ones are cut. */
export function shortList(names: readonly string[], { most = 8 }: { readonly most?: number } = {}): string {
  const shown = names.slice(0, most).map((name) => (name.length > 80 ? `${name.slice(0, 79)}…` : name));
  return `${shown.join(", ")}${names.length > most ? ` and ${names.length - most} more` : ""}`;
}
