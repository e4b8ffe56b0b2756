/** An address for logs and messages, without the query, which may hold a signature that grants access. */
export function withoutQuery(address: string): string {
  const { origin, pathname } = new URL(address);
  return `${origin}${pathname}`;
}
