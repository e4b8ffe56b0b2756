import { randomBytes } from "node:crypto";
import { rm, stat } from "node:fs/promises";
import { join } from "node:path";

import { canonicalJson } from "../../../base/canonical-json";
import { makeFolder } from "../../../base/files/make-folder";
import { sha256OfFile } from "../../../base/files/sha256-of-file";
import { userCacheFolder } from "../../../base/files/user-cache";
import { writeAtomically } from "../../../base/files/write-atomically";
import { isRecord } from "../../../base/json";
import { shownText } from "../../../base/shown-value";
import { TsloraError } from "../../../base/tslora-error";
import type { JobDocument } from "../../contract/job-document";
import type { JobManifest } from "../../contract/job-manifest";
import { expectJobName, staysInside } from "../../contract/job-name";
import { parseManifest, type StoredManifest } from "../../contract/manifest-hash";
import type { ClaimOptions, JobClaim, JobFailure, JobStore } from "../job-store";
import { otherJob, parseDocumentOf, parseFailure, parseJson } from "../stored-text";
import { CLAIM_TIMES, takeClaim, type ClaimTimes } from "../take-claim";
import { ClaimObject } from "./claim-object";
import { ObjectStore, type StoredText } from "./object-store";
import { WorkSnapshot } from "./work-snapshot";

/** Attempts to publish a result; others may publish and retire one of the same job meanwhile. */
const TRIES = 10;
/** The least time between two snapshots of a job's checkpoints. */
const SNAPSHOT_MS = 5000;
/** Each look at a claim is a request, which services charge for. */
const TIMES: ClaimTimes = { ...CLAIM_TIMES, look: 2000 };

/** Options of an {@link S3Store}. */
export interface S3StoreOptions {
  /** The local folder for inputs, results and checkpoints. @default `tslora/jobs` in the user's cache */
  readonly cacheDir?: string;
  /** For tests: times of claims. */
  readonly times?: ClaimTimes;
  /** For tests: the least time between two snapshots. */
  readonly snapshotMs?: number;
}

/** A job's checkpoints on this machine. */
interface Work {
  readonly snapshot: WorkSnapshot;
  sending: Promise<unknown>;
  isSending: boolean;
  /** The end of the last snapshot. */
  sentAt: number;
}

/**
 * A store in S3 or a compatible service. Results and checkpoints are computed in a local folder and sent; inputs and
 * results are fetched when they are asked for. Objects are written on conditions, which the service must know.
 */
export class S3Store implements JobStore {
  readonly kind = "objects";
  readonly id: string;
  readonly #objects: ObjectStore;
  readonly #cache: string;
  readonly #options: S3StoreOptions;
  readonly #work = new Map<string, Work>();
  /** By job: the manifest that was read last, and the prefix of its result's objects. */
  readonly #results = new Map<string, { readonly sha256: string; readonly prefix: string | undefined }>();

  private constructor(objects: ObjectStore, id: string, options: S3StoreOptions) {
    this.id = id;
    this.#objects = objects;
    this.#cache = join(options.cacheDir ?? join(userCacheFolder(), "tslora", "jobs"), id);
    this.#options = options;
  }

  /**
   * Opens a store; writes its identity if it is missing.
   *
   * @param place - s3://BUCKET or s3://BUCKET/PREFIX
   * @throws TsloraError `bad-option` for another place or if the service refuses, `unreachable` if it does not answer,
   *   `unsupported` if it does not write on conditions, `bad-input` if the place is not a store
   */
  static async open(place: string, options: S3StoreOptions = {}): Promise<S3Store> {
    const objects = new ObjectStore(place.replace(/\/+$/, ""));
    const identity = `${JSON.stringify({ format: 1, id: randomBytes(16).toString("hex") })}\n`;
    if ((await objects.get("store.json")) === undefined) {
      await objects.expectConditions();
      await objects.putNew("store.json", identity);
    }
    const stored = parseJson((await objects.get("store.json"))?.text ?? "");
    if (!isRecord(stored) || stored.format !== 1 || typeof stored.id !== "string" || !/^[0-9a-f]{32}$/.test(stored.id))
      throw new TsloraError(
        "bad-input",
        `${objects.place}/store.json must be the identity of a store of jobs. Choose another prefix.`,
      );
    return new S3Store(objects, stored.id, options);
  }

  get place(): string {
    return this.#objects.place;
  }

  get inputFolder(): string {
    return this.#local("inputs");
  }

  async addInput(path: string, content: string): Promise<void> {
    if ((await this.#objects.head(inputKey(path))) === undefined) await this.#objects.put(inputKey(path), content);
  }

  async fetchInput(path: string): Promise<void> {
    const local = join(this.inputFolder, path);
    if (!staysInside(path) || (await sizeOf(local)) !== undefined) return; // its hash is checked by the job
    const found = await this.#objects.get(inputKey(path));
    if (found !== undefined) await writeAtomically(local, found.text);
  }

  async addDocument(document: JobDocument): Promise<void> {
    const text = `${canonicalJson(document)}\n`;
    const key = keyOf("jobs", document.name);
    const there = (await this.#objects.get(key))?.text;
    if (there === undefined && (await this.#objects.putNew(key, text))) return;
    const other = there ?? (await this.#objects.get(key))?.text;
    if (other !== text) throw otherJob(document.name, this.place);
  }

  async readDocument(name: string): Promise<JobDocument> {
    const found = await this.#objects.get(keyOf("jobs", name));
    if (found === undefined)
      throw new TsloraError("not-found", `The document of the job ${name} does not exist in ${this.place}.`);
    return parseDocumentOf(name, found.text);
  }

  async readManifest(name: string): Promise<StoredManifest> {
    const found = await this.#objects.get(keyOf("manifests", name));
    if (found === undefined || found.text === "") return { kind: "missing" }; // an empty one was retired
    const stored = parseManifest(found.text, name);
    const prefix = prefixOf(name, found);
    if (stored.kind === "found") this.#results.set(name, { sha256: stored.manifest.sha256, prefix });
    return stored;
  }

  async manifestNames(): Promise<ReadonlySet<string>> {
    const found = await this.#objects.list("manifests/");
    const there = found.filter(({ bytes }) => bytes > 0); // an empty one was retired
    return new Set(there.map(({ key }) => key.slice("manifests/".length, -".json".length)));
  }

  async damageOf(manifest: JobManifest): Promise<string | undefined> {
    const prefix = await this.#resultPrefixOf(manifest);
    if (prefix === undefined) return "its manifest was replaced, or names no result";
    const found = await this.#objects.list(prefix);
    if (found.length > manifest.files.length) return "its result has files that its manifest does not list";
    const sizes = new Map(found.map(({ key, bytes }) => [key.slice(prefix.length), bytes]));
    for (const { path, bytes, sha256 } of manifest.files) {
      const size = sizes.get(path);
      const shown = shownText(path, 100);
      if (size === undefined) return `${shown} is missing`;
      if (size !== bytes || (await this.#objects.head(prefix + path))?.sha256 !== sha256)
        return `${shown} is not the file that was written`;
    }
    return undefined;
  }

  async resultFile(name: string, path: string): Promise<string> {
    const stored = await this.readManifest(name);
    const file = stored.kind === "found" ? stored.manifest.files.find((one) => one.path === path) : undefined;
    if (stored.kind !== "found" || file === undefined)
      throw new TsloraError("not-found", `The result of the job ${name} has no file ${path}.`);
    const local = join(this.#local("results"), name, stored.manifest.sha256, path);
    if ((await sizeOf(local)) === file.bytes && (await sha256OfFile(local)) === file.sha256) return local;
    const prefix = await this.#resultPrefixOf(stored.manifest);
    if (prefix === undefined || !(await this.#objects.download(prefix + path, local, file)))
      throw new TsloraError("not-found", `The result of the job ${name} lacks its file ${path}.`);
    return local;
  }

  async releaseResult(name: string): Promise<void> {
    expectJobName(name);
    await rm(join(this.#local("results"), name), { recursive: true, force: true });
  }

  newResultFolder(name: string): Promise<string> {
    expectJobName(name);
    return made(join(this.#local("partial"), name, randomBytes(8).toString("hex")));
  }

  async workFolder(name: string): Promise<string> {
    expectJobName(name);
    this.#work.delete(name); // the snapshot of an earlier attempt could send a folder that is fetched by half
    const folder = join(this.#local("work"), name);
    const snapshot = new WorkSnapshot(this.#objects, { start: `work/${name}/`, folder });
    await snapshot.fetch();
    this.#work.set(name, { snapshot, sending: Promise.resolve(), isSending: false, sentAt: performance.now() });
    return folder;
  }

  async saveWork(name: string, { always = false }: { readonly always?: boolean } = {}): Promise<void> {
    const work = this.#work.get(name);
    if (work === undefined) return;
    const wait = this.#options.snapshotMs ?? SNAPSHOT_MS;
    if (!always && (work.isSending || performance.now() - work.sentAt < wait)) return;
    work.isSending = true;
    work.sending = work.sending
      .catch(() => undefined)
      .then(() => work.snapshot.send())
      .finally(() => {
        work.isSending = false;
        work.sentAt = performance.now();
      });
    await work.sending;
  }

  async publish(manifest: JobManifest, resultFolder: string): Promise<JobManifest> {
    const { job, files } = manifest;
    const result = randomBytes(8).toString("hex");
    const prefix = resultPrefix(job, result);
    for (let tries = 0; tries < TRIES; tries++) {
      const before = await this.readManifest(job);
      if (before.kind === "found" && (await this.damageOf(before.manifest)) === undefined) return before.manifest;
      if (before.kind !== "missing") await this.retire(job, before);
      for (const { path, bytes, sha256 } of files) {
        const there = await this.#objects.head(prefix + path);
        if (there?.bytes !== bytes || there.sha256 !== sha256)
          await this.#objects.upload(prefix + path, join(resultFolder, path), { bytes, sha256 });
      }
      await this.#objects.putFree(keyOf("manifests", job), `${canonicalJson(manifest)}\n`, { result });
      const after = await this.readManifest(job);
      if (after.kind !== "found" || (await this.damageOf(after.manifest)) !== undefined) continue;
      if ((await this.#resultPrefixOf(after.manifest)) !== prefix) await this.#objects.removeAll(prefix);
      return after.manifest;
    }
    throw new TsloraError("not-saved", `The result of the job ${job} could not be written: other workers replace it.`);
  }

  /** `stale` must come from this object's {@link readManifest}, which remembers where its result is. */
  async retire(name: string, stale: StoredManifest): Promise<void> {
    const key = keyOf("manifests", name);
    const there = await this.#objects.get(key);
    if (there === undefined || JSON.stringify(parseManifest(there.text, name)) !== JSON.stringify(stale)) return;
    const prefix = prefixOf(name, there);
    if (stale.kind === "found" && this.#results.get(name)?.prefix !== prefix) return; // written anew meanwhile
    if (!(await this.#objects.replace(key, "", there.etag))) return; // another worker wrote a newer one
    if (prefix !== undefined) await this.#objects.removeAll(prefix);
  }

  async clean(name: string): Promise<void> {
    expectJobName(name);
    const work = this.#work.get(name);
    this.#work.delete(name);
    await work?.sending.catch(() => undefined);
    await this.#objects.remove(`work/${name}/index.json`); // first: an index without its files misleads
    await this.#objects.removeAll(`work/${name}/`);
    for (const part of ["work", "partial"]) await rm(join(this.#local(part), name), { recursive: true, force: true });
    await this.#removeUnnamed(name);
    await this.forget(name);
  }

  /** Deletes results beside the one that the manifest names: their workers were killed before they wrote one. */
  async #removeUnnamed(name: string): Promise<void> {
    const stored = await this.readManifest(name);
    const prefix = stored.kind === "found" ? await this.#resultPrefixOf(stored.manifest) : undefined;
    if (prefix === undefined) return;
    for (const { key } of await this.#objects.list(`results/${name}/`))
      if (!key.startsWith(prefix)) await this.#objects.remove(key);
  }

  claim(name: string, options: ClaimOptions): Promise<JobClaim | undefined> {
    const place = new ClaimObject(this.#objects, keyOf("claims", name));
    return takeClaim(place, { ...options, times: this.#options.times ?? TIMES });
  }

  async requestStop(name: string): Promise<void> {
    await this.#objects.put(keyOf("stops", name), "{}\n");
  }

  async stopRequested(name: string): Promise<boolean> {
    return (await this.#objects.head(keyOf("stops", name))) !== undefined;
  }

  async writeFailure(name: string, failure: JobFailure): Promise<void> {
    await this.#objects.put(keyOf("failures", name), `${JSON.stringify(failure)}\n`);
  }

  async readFailure(name: string): Promise<JobFailure | undefined> {
    return parseFailure((await this.#objects.get(keyOf("failures", name)))?.text);
  }

  async forget(name: string): Promise<void> {
    for (const part of ["stops", "failures"] as const)
      if ((await this.#objects.head(keyOf(part, name))) !== undefined) await this.#objects.remove(keyOf(part, name));
  }

  /** The prefix of a result's objects; undefined if the manifest is not the one that is stored. */
  async #resultPrefixOf({ job, sha256 }: JobManifest): Promise<string | undefined> {
    if (this.#results.get(job)?.sha256 !== sha256) await this.readManifest(job);
    const seen = this.#results.get(job);
    return seen?.sha256 === sha256 ? seen.prefix : undefined;
  }

  #local(part: string): string {
    return join(this.#cache, part);
  }
}

/** The prefix of a publication's objects. Each publication has its own: no worker deletes another one's objects. */
function resultPrefix(job: string, result: string): string {
  expectJobName(job);
  return `results/${job}/${result}/`;
}

/** The prefix of the result that a stored manifest's metadata name; undefined if they name none. */
function prefixOf(job: string, { metadata: { result = "" } }: StoredText): string | undefined {
  return /^[0-9a-f]{16}$/.test(result) ? resultPrefix(job, result) : undefined;
}

function keyOf(part: "jobs" | "manifests" | "claims" | "stops" | "failures", name: string): string {
  expectJobName(name);
  return `${part}/${name}.json`;
}

function inputKey(path: string): string {
  if (!staysInside(path)) throw new TsloraError("bad-input", `An input must be in the store; got ${path}.`);
  return path;
}

function sizeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ size }) => size,
    () => undefined,
  );
}

function made(folder: string): Promise<string> {
  makeFolder(folder);
  return Promise.resolve(folder);
}
