import { shownPath } from "../../base/shown-path";
import { TsloraError } from "../../base/tslora-error";
import type { ClassificationModel } from "../../model/classification-model";
import type { PrefixValues } from "../../model/encoder-prefix";
import { packDocuments, type TokenDocument } from "../../model/parts/packed-batch";
import { DEFAULT_TOKENS_PER_PASS } from "../predict-options";
import { makeRoom } from "./cache-room";
import { PrefixFolder } from "./prefix-folder";
import { textKey, type PrefixPass } from "./prefix-key";

/** Results of this many bytes go into one file. An interrupt loses only the pass that is running. */
const FILE_BYTES = 1 << 24;
/** Results of this many bytes stay in memory, so that they are read only once. */
const MEMORY_BYTES = 1 << 27;

/** Options of {@link PrefixCache.open}. */
export interface PrefixCacheOptions extends PrefixPass {
  /** Name of the prefix by `prefixKey`. */
  readonly key: string;
  /** The cache's folder, with a folder for each prefix. */
  readonly directory: string;
  /** Most bytes of the cache's folder. */
  readonly limit: number;
  /** Keys of all prefixes of the run, which are not deleted to make room. */
  readonly inUse: readonly string[];
}

/** Number of texts whose results are in the cache, and of all texts. */
export interface FillProgress {
  readonly done: number;
  readonly total: number;
}

/**
 * Caches the results of a model's prefix on disk, by text. A cached result equals bit for bit the result of computing
 * it again: with the kernels, a text's results do not depend on the other texts of its batch. Where they do, on a GPU,
 * each text is computed in a batch of its own.
 */
export class PrefixCache {
  readonly #model: ClassificationModel;
  readonly #options: PrefixCacheOptions;
  readonly #folder: PrefixFolder;
  readonly #memory = new Map<string, Float32Array>();
  readonly #keys = new WeakMap<TokenDocument, string>();
  readonly #notices: string[] = [];
  #memoryBytes = 0;
  #lost = false;

  private constructor(model: ClassificationModel, options: PrefixCacheOptions) {
    this.#model = model;
    this.#options = options;
    this.#folder = PrefixFolder.open(options.directory, options.key);
  }

  /** @throws TsloraError `not-saved` if its folder cannot be made */
  static open(model: ClassificationModel, options: PrefixCacheOptions): PrefixCache {
    return new PrefixCache(model, options);
  }

  /** Returns sentences about files that were found damaged or missing since the last call. */
  takeNotices(): readonly string[] {
    return this.#notices.splice(0);
  }

  /**
   * Checks the results in the cache, then computes and writes the missing ones. If the signal is aborted, it stops
   * between two passes and keeps what it has computed.
   *
   * @throws TsloraError `bad-option` if the results do not fit into the limit, `not-saved` if they cannot be written
   */
  async *fill(documents: readonly TokenDocument[], signal: AbortSignal): AsyncGenerator<FillProgress, void, void> {
    const byText = new Map(documents.map((document) => [this.#keyOf(document), document]));
    const total = byText.size;
    let done = 0;
    let damaged = await this.#folder.scan();
    for await (const found of this.#folder.readAll(byText.keys())) {
      if (signal.aborted) return;
      if (found === "damaged file") {
        damaged++;
        continue;
      }
      this.#keep(found.text, found.values);
      if (++done % 256 === 0) yield { done, total };
    }
    if (damaged > 0)
      this.#notices.push(
        `${damaged === 1 ? "A file" : `${damaged} files`} of the frozen prefix cache in ${shownPath(this.#folder.path)} ` +
          `${damaged === 1 ? "was" : "were"} damaged and removed. What it held is computed again.`,
      );
    const missing = [...byText].filter(([text]) => !this.#folder.has(text));
    done = total - missing.length;
    yield { done, total };
    if (missing.length === 0) return;
    await this.#makeRoom(
      missing.map(([, document]) => document),
      new Set(byText.keys()),
    );
    yield* this.#compute(missing, { done, total, signal });
  }

  /** The concatenated results of documents. Results that are not (or no longer) in the cache are computed. */
  async valuesOf(documents: readonly TokenDocument[]): Promise<PrefixValues> {
    const { prefix } = this.#options;
    const parts: Float32Array[] = [];
    for (const document of documents) parts.push(await this.#valuesOf(document));
    const values = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      values.set(part, at);
      at += part.length;
    }
    return { prefix, values };
  }

  async #valuesOf(document: TokenDocument): Promise<Float32Array> {
    const text = this.#keyOf(document);
    const found = this.#memory.get(text) ?? (await this.#folder.read(text));
    if (found !== undefined) {
      this.#keep(text, found);
      return found;
    }
    if (this.#folder.has(text) && !this.#lost) {
      this.#lost = true;
      this.#notices.push(
        `Files of the frozen prefix cache in ${shownPath(this.#folder.path)} were removed during the run. What they held is computed again for each batch.`,
      );
    }
    const [values] = await this.#run([document]);
    this.#keep(text, values);
    return values;
  }

  async *#compute(
    missing: readonly (readonly [text: string, document: TokenDocument])[],
    { done, total, signal }: FillProgress & { signal: AbortSignal },
  ): AsyncGenerator<FillProgress, void, void> {
    const waiting = [...missing].sort(([, a], [, b]) => a.ids.length - b.ids.length);
    let gathered: { text: string; values: Float32Array }[] = [];
    let bytes = 0;
    const write = async (): Promise<void> => {
      if (gathered.length > 0) await this.#add(gathered);
      gathered = [];
      bytes = 0;
    };
    let computed = 0;
    while (computed < waiting.length && !signal.aborted) {
      const part = this.#nextPass(waiting, computed);
      const results = await this.#run(part.map(([, document]) => document));
      part.forEach(([text], i) => {
        gathered.push({ text, values: results[i] });
        bytes += results[i].byteLength;
        this.#keep(text, results[i]);
      });
      computed += part.length;
      if (bytes >= FILE_BYTES) await write();
      yield { done: done + computed, total };
      await new Promise((resolve) => setImmediate(resolve)); // lets Jupyter send messages and interrupts
    }
    await write();
  }

  /** The texts of the next pass: a single one if a text's results depend on its batch. */
  #nextPass<T extends readonly [string, TokenDocument]>(waiting: readonly T[], from: number): readonly T[] {
    let end = from + 1;
    if (!this.#model.isBatchIndependent) return waiting.slice(from, end);
    let tokens = waiting[from][1].ids.length;
    while (end < waiting.length && (tokens += waiting[end][1].ids.length) <= DEFAULT_TOKENS_PER_PASS) end++;
    return waiting.slice(from, end);
  }

  /** Computes documents' results in one pass, in their order. */
  async #run(documents: readonly TokenDocument[]): Promise<readonly Float32Array[]> {
    const { ops } = this.#model;
    const { prefix } = this.#options;
    const batch = packDocuments(documents);
    const rows = this.#model.computePrefix(batch, this.#options);
    const values = await ops.read(rows).finally(() => ops.dispose(rows));
    const results: Float32Array[] = [];
    let at = 0;
    for (const index of batch.order) {
      const size = this.#model.prefixRows(prefix, documents[index].ids.length) * this.#model.config.hiddenSize;
      results[index] = values.slice(at, at + size);
      at += size;
    }
    return results;
  }

  async #makeRoom(missing: readonly TokenDocument[], needed: ReadonlySet<string>): Promise<void> {
    const { directory, limit, inUse } = this.#options;
    const room = { bytes: prefixBytes(this.#model, this.#options, missing), limit, inUse };
    if (await makeRoom(directory, room)) return;
    await this.#folder.removeAllBut(needed);
    if (!(await makeRoom(directory, room))) throw tooLarge(room.bytes, limit);
  }

  async #add(texts: readonly { readonly text: string; readonly values: Float32Array }[]): Promise<void> {
    try {
      await this.#folder.add(texts);
    } catch (error) {
      if (!(error instanceof TsloraError)) throw error;
      throw new TsloraError(
        error.code,
        `The frozen prefix cache: ${error.message} Free some space, choose another frozenPrefixCacheDir, or set frozenPrefixCache to false.`,
        { cause: error, details: error.details },
      );
    }
  }

  #keyOf(document: TokenDocument): string {
    const known = this.#keys.get(document);
    if (known !== undefined) return known;
    const key = textKey(document);
    this.#keys.set(document, key);
    return key;
  }

  #keep(text: string, values: Float32Array): void {
    if (this.#memory.has(text) || this.#memoryBytes + values.byteLength > MEMORY_BYTES) return;
    this.#memory.set(text, values);
    this.#memoryBytes += values.byteLength;
  }
}

/** Bytes of documents' results. */
export function prefixBytes(
  model: ClassificationModel,
  { prefix }: Pick<PrefixPass, "prefix">,
  documents: readonly TokenDocument[],
): number {
  const rows = documents.reduce((sum, { ids }) => sum + model.prefixRows(prefix, ids.length), 0);
  return 4 * rows * model.config.hiddenSize;
}

/** The error for results that do not fit into the cache's limit. */
export function tooLarge(bytes: number, limit: number): TsloraError {
  const gigabytes = (size: number): string => (size / 1e9).toPrecision(3);
  return new TsloraError(
    "bad-option",
    `frozenPrefixCacheLimit must be at least ${gigabytes(bytes)} (GB) for the results of these texts; got ${gigabytes(limit)}. Raise it, or set frozenPrefixCache to false.`,
    { details: { bytes, limit } },
  );
}
