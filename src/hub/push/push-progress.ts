/** Progress of a push. Bytes are those of all files that differ from the repository's. */
export type PushProgress =
  | { readonly phase: "reading" | "sending"; readonly bytes: number; readonly total: number }
  | { readonly phase: "committing" }
  /** The Hub asks to wait, or does not answer and is asked again. */
  | { readonly phase: "waiting"; readonly seconds: number; readonly reason: string };

/** Counts the bytes of files that arrive in parts and may be sent again. */
export class SentBytes {
  readonly #parts = new Map<string, Map<number, number>>();
  readonly #sizes: ReadonlyMap<string, number>;
  readonly #report: (bytes: number, total: number) => void;
  readonly #sent = new Set<string>();
  readonly #stored = new Set<string>();

  constructor(sizes: ReadonlyMap<string, number>, report: (bytes: number, total: number) => void) {
    this.#sizes = sizes;
    this.#report = report;
  }

  /** Starts a part again, from its first byte. */
  restart(path: string, part: number): void {
    this.#partsOf(path).set(part, 0);
  }

  add(path: string, part: number, bytes: number): void {
    const parts = this.#partsOf(path);
    parts.set(part, (parts.get(part) ?? 0) + bytes);
    this.#sent.add(path);
    this.#tell();
  }

  /** Counts a large file as whole: it is stored. */
  finish(path: string): void {
    this.#stored.add(path);
    this.#parts.set(path, new Map([[0, this.#sizes.get(path) ?? 0]]));
    this.#tell();
  }

  /** Paths of large files of which bytes were sent. */
  get large(): readonly string[] {
    return [...this.#sent];
  }

  /** Paths of files that are sent within the commit, once the large ones are stored. */
  get small(): readonly string[] {
    return [...this.#sizes.keys()].filter((path) => !this.#stored.has(path));
  }

  #partsOf(path: string): Map<number, number> {
    const parts = this.#parts.get(path) ?? new Map<number, number>();
    this.#parts.set(path, parts);
    return parts;
  }

  #tell(): void {
    let bytes = 0;
    for (const [path, parts] of this.#parts) {
      const sum = [...parts.values()].reduce((all, one) => all + one, 0);
      bytes += Math.min(sum, this.#sizes.get(path) ?? sum);
    }
    this.#report(
      bytes,
      [...this.#sizes.values()].reduce((all, one) => all + one, 0),
    );
  }
}
