import { TsloraError } from "../../base/tslora-error";

/** Records of one file that are not current: the first `count` of this PMID and version. */
export interface SupersededRecord {
  readonly pmid: string;
  readonly version: number;
  readonly count: number;
}

const PAGE = 4096; // PMIDs
const MOST_FILES = 65_534;

/**
 * Finds the current record of each PMID in a series of files, in their order: of one version the last, of several the
 * highest that was not deleted. Files are added one after the other, each record and deletion in its order.
 *
 * Two bytes for each PMID, whatever the size of the files.
 */
export class UpdateSeries {
  /** For version 1 the file's number from 1; 0 for none. */
  readonly #pages = new Map<number, Uint16Array>();
  readonly #others = new Map<number, Map<number, number>>();
  /** Further times that the current file of a record has it, after the first. */
  readonly #repeats = new Map<string, number>();
  readonly #superseded: SupersededRecord[][] = [];

  /** @param file - index of the file, rising */
  add(file: number, { pmid, version }: { readonly pmid: string; readonly version: number }): void {
    if (file >= MOST_FILES)
      throw new TsloraError("unsupported", `A series must have at most ${MOST_FILES} files; got more. Divide it.`);
    const before = this.#get(pmid, version);
    if (before === file + 1) {
      const key = keyOf(file, pmid, version);
      this.#repeats.set(key, (this.#repeats.get(key) ?? 0) + 1);
      return;
    }
    if (before > 0) this.#lose(before - 1, pmid, version);
    this.#set(pmid, version, file + 1);
  }

  delete({ pmid, version }: { readonly pmid: string; readonly version: number }): void {
    const before = this.#get(pmid, version);
    if (before === 0) return;
    this.#lose(before - 1, pmid, version);
    this.#set(pmid, version, 0);
  }

  /** The records of each file that are not current, by the file's index. Call it once, after all files. */
  finish(): (file: number) => readonly SupersededRecord[] {
    for (const [number, versions] of this.#others) {
      const pmid = String(number);
      const first = this.#get(pmid, 1);
      const alive = [...versions, [1, first] as const].filter(([, file]) => file > 0);
      const highest = Math.max(...alive.map(([version]) => version));
      for (const [version, file] of alive) if (version < highest) this.#lose(file - 1, pmid, version);
    }
    for (const [key, count] of this.#repeats) {
      const [file, pmid, version] = key.split(" ");
      this.#push(Number(file), { pmid, version: Number(version), count });
    }
    this.#repeats.clear();
    return (file) => this.#superseded[file] ?? [];
  }

  #lose(file: number, pmid: string, version: number): void {
    const key = keyOf(file, pmid, version);
    this.#push(file, { pmid, version, count: 1 + (this.#repeats.get(key) ?? 0) });
    this.#repeats.delete(key);
  }

  #push(file: number, record: SupersededRecord): void {
    (this.#superseded[file] ??= []).push(record);
  }

  #get(pmid: string, version: number): number {
    const number = Number(pmid);
    if (version !== 1) return this.#others.get(number)?.get(version) ?? 0;
    return this.#pages.get(Math.floor(number / PAGE))?.[number % PAGE] ?? 0;
  }

  #set(pmid: string, version: number, file: number): void {
    const number = Number(pmid);
    if (version !== 1) {
      const versions = this.#others.get(number) ?? new Map<number, number>();
      this.#others.set(number, versions.set(version, file));
      return;
    }
    const at = Math.floor(number / PAGE);
    const page = this.#pages.get(at) ?? new Uint16Array(PAGE);
    page[number % PAGE] = file;
    this.#pages.set(at, page);
  }
}

function keyOf(file: number, pmid: string, version: number): string {
  return `${file} ${pmid} ${version}`;
}
