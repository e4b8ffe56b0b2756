import { randomBytes } from "node:crypto";
import { readdir, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";

import { canonicalJson } from "../../base/canonical-json";
import { isMissing } from "../../base/files/error-code";
import { notSaved } from "../../base/files/file-fault";
import { makeFolder } from "../../base/files/make-folder";
import { isMissingFile } from "../../base/files/open-regular-file";
import { readTextFile } from "../../base/files/read-text-file";
import { sha256OfFile } from "../../base/files/sha256-of-file";
import { writeAtomically } from "../../base/files/write-atomically";
import { isRecord } from "../../base/json";
import { shownPath } from "../../base/shown-path";
import { shownText } from "../../base/shown-value";
import { TsloraError } from "../../base/tslora-error";
import { LONGEST_DOCUMENT } from "../contract/check-document";
import type { JobDocument } from "../contract/job-document";
import type { JobManifest } from "../contract/job-manifest";
import { expectJobName, staysInside } from "../contract/job-name";
import { parseManifest, type StoredManifest } from "../contract/manifest-hash";
import { resultFiles } from "../contract/result-files";
import { ClaimFile } from "./claim-file";
import type { ClaimOptions, JobClaim, JobFailure, JobStore } from "./job-store";
import { moveToFreeName, putFileBack, setAside, syncTree, takeAway, writeToFreeName } from "./publish-folder";
import { otherJob, parseDocumentOf, parseFailure, parseJson } from "./stored-text";
import { takeClaim, type ClaimTimes } from "./take-claim";

/** The most characters of a manifest: some hundred thousand files. */
const LONGEST_MANIFEST = 1 << 26;
/** Looks at a job's name before a publication fails: others publish and retire it at the same time. */
const TRIES = 10;
/** The folder of what is being deleted; a killed process leaves it there. */
const TRASH = ".trash";

/** Options of a {@link FolderStore}. */
export interface FolderStoreOptions {
  /** For tests: times of claims. */
  readonly times?: ClaimTimes;
}

/** A store in a folder, which may be shared by machines, such as over NFS. */
export class FolderStore implements JobStore {
  readonly kind = "folder";
  readonly place: string;
  readonly id: string;
  readonly #times: ClaimTimes | undefined;
  /** The files in which manifests were read: a newer file may have the same content. */
  readonly #files = new WeakMap<StoredManifest, string>();

  private constructor(place: string, id: string, { times }: FolderStoreOptions) {
    this.place = place;
    this.id = id;
    this.#times = times;
  }

  /**
   * Opens a store; makes the folder and the file of its identity if they are missing.
   *
   * @throws TsloraError `not-saved` if it cannot be made, `bad-input` if it is not a store
   */
  static async open(folder: string, options: FolderStoreOptions = {}): Promise<FolderStore> {
    const place = resolve(folder);
    const file = join(place, "store.json");
    try {
      if (!(await exists(file)))
        await writeToFreeName(file, `${JSON.stringify({ format: 1, id: randomBytes(16).toString("hex") })}\n`);
    } catch (error) {
      throw notSaved(place, error);
    }
    const stored = parseJson(await readTextFile(file, { maxBytes: 1000 }));
    if (!isRecord(stored) || stored.format !== 1 || typeof stored.id !== "string" || !/^[0-9a-f]{32}$/.test(stored.id))
      throw new TsloraError("bad-input", `${shownPath(file)} must be a store's of jobs. Choose another folder.`);
    for (const name of await readdir(join(place, TRASH)).catch(() => []))
      await rm(join(place, TRASH, name), { recursive: true, force: true }).catch(() => undefined);
    return new FolderStore(place, stored.id, options);
  }

  get inputFolder(): string {
    return this.place;
  }

  async addInput(path: string, content: string): Promise<void> {
    const place = join(this.place, path);
    if (!(await exists(place))) await writeAtomically(place, content);
  }

  fetchInput(): Promise<void> {
    return Promise.resolve(); // it is in the folder, or nowhere
  }

  async addDocument(document: JobDocument): Promise<void> {
    const text = `${canonicalJson(document)}\n`;
    const path = this.#file("jobs", document.name);
    try {
      // a document that is there is found in a store that is read-only, too
      if (!(await exists(path)) && (await writeToFreeName(path, text))) return;
    } catch (error) {
      throw notSaved(path, error);
    }
    const other = await readTextFile(path, { maxBytes: 4 * LONGEST_DOCUMENT });
    if (other !== text) throw otherJob(document.name, shownPath(this.place));
  }

  async readDocument(name: string): Promise<JobDocument> {
    const called = `The document of the job ${name}`;
    return parseDocumentOf(
      name,
      await readTextFile(this.#file("jobs", name), { maxBytes: 4 * LONGEST_DOCUMENT, called }),
    );
  }

  async readManifest(name: string): Promise<StoredManifest> {
    return this.#readManifestIn(this.#file("manifests", name), name);
  }

  async #readManifestIn(path: string, name: string): Promise<StoredManifest> {
    try {
      const file = await identityOf(path); // before the content: of a file that is replaced meanwhile, the older one's
      const stored = parseManifest(await readTextFile(path, { maxBytes: LONGEST_MANIFEST }), name);
      if (file !== undefined) this.#files.set(stored, file);
      return stored;
    } catch (error) {
      if (isMissingFile(error)) return { kind: "missing" };
      throw error;
    }
  }

  async manifestNames(): Promise<ReadonlySet<string>> {
    const names = await readdir(join(this.place, "manifests")).catch((error: unknown) => {
      if (isMissing(error)) return [];
      throw error;
    });
    return new Set(names.filter((name) => name.endsWith(".json")).map((name) => name.slice(0, -".json".length)));
  }

  async damageOf(manifest: JobManifest): Promise<string | undefined> {
    return this.#damageIn(this.#folder("results", manifest.job), manifest);
  }

  async #damageIn(folder: string, manifest: JobManifest): Promise<string | undefined> {
    const found = await resultFiles(folder).catch((error: unknown) => {
      if (isMissing(error)) return [];
      throw error;
    });
    if (found.length > manifest.files.length) return "its result has files that its manifest does not list";
    for (const { path, bytes, sha256 } of manifest.files) {
      const place = join(folder, path);
      const size = (await stat(place).catch(() => undefined))?.size;
      if (size === undefined) return `${shownText(path, 100)} is missing`;
      if (size !== bytes || (await sha256OfFile(place)) !== sha256)
        return `${shownText(path, 100)} is not the file that was written`;
    }
    return undefined;
  }

  async resultFile(name: string, path: string): Promise<string> {
    if (!staysInside(path)) throw new TsloraError("bad-input", `A result's file must be in the result; got ${path}.`);
    return Promise.resolve(join(this.#folder("results", name), path));
  }

  releaseResult(): Promise<void> {
    return Promise.resolve(); // the files are those of the store
  }

  async newResultFolder(name: string): Promise<string> {
    return this.#made(join(this.#folder("partial", name), randomBytes(8).toString("hex")));
  }

  async workFolder(name: string): Promise<string> {
    return this.#made(this.#folder("work", name));
  }

  saveWork(): Promise<void> {
    return Promise.resolve(); // the work folder is in the store
  }

  async publish(manifest: JobManifest, resultFolder: string): Promise<JobManifest> {
    const { job } = manifest;
    const place = this.#folder("results", job);
    try {
      await syncTree(resultFolder);
      let isMoved = false;
      for (let tries = 0; tries < TRIES; tries++) {
        const before = await this.readManifest(job);
        if (before.kind === "found" && (await this.damageOf(before.manifest)) === undefined) return before.manifest;
        if (before.kind !== "missing") await this.#takeManifestAway(job, before);
        const isNew: boolean = !isMoved && (await moveToFreeName(resultFolder, place));
        isMoved ||= isNew;
        if (!isNew && (await this.damageOf(manifest)) !== undefined) {
          if (isMoved) break; // another worker took it away before the manifest was written
          await this.#takeResultAway(job); // of a worker that was killed before it wrote a manifest, or of other code
          continue;
        }
        await writeToFreeName(this.#file("manifests", job), `${canonicalJson(manifest)}\n`);
        const after = await this.readManifest(job);
        if (after.kind === "found" && (await this.damageOf(after.manifest)) === undefined) return after.manifest;
      }
    } catch (error) {
      throw notSaved(place, error);
    }
    throw new TsloraError("not-saved", `${shownPath(place)} could not be written: other workers replace it.`);
  }

  async retire(name: string, stale: StoredManifest): Promise<void> {
    if (await this.#takeManifestAway(name, stale)) await this.#takeResultAway(name);
  }

  /** Takes a manifest away, as it was read. Returns false if another worker did it; a newer manifest stays. */
  async #takeManifestAway(name: string, stale: StoredManifest): Promise<boolean> {
    const path = this.#file("manifests", name);
    if (!this.#isSame(await this.readManifest(name), stale)) return false;
    const aside = await setAside(path);
    if (aside === undefined) return false;
    const isStale = this.#isSame(await this.#readManifestIn(aside, name), stale);
    if (!isStale) await putFileBack(aside, path); // it was written after the look
    await rm(aside, { force: true });
    return isStale;
  }

  /** Takes a job's result away, unless a manifest that another worker wrote meanwhile is about it. */
  async #takeResultAway(name: string): Promise<void> {
    const place = this.#folder("results", name);
    if (await this.#isNamed(place, name)) return;
    const aside = await setAside(place);
    if (aside === undefined) return;
    if ((await this.#isNamed(aside, name)) && (await moveToFreeName(aside, place))) return; // published after the look
    await this.#takeAway(aside);
  }

  /** Whether the files of a folder are those that a job's manifest lists. */
  async #isNamed(folder: string, name: string): Promise<boolean> {
    const stored = await this.readManifest(name);
    return stored.kind === "found" && (await this.#damageIn(folder, stored.manifest)) === undefined;
  }

  /** Whether a manifest is the one that was read earlier: in the same file, if this object read it. */
  #isSame(now: StoredManifest, earlier: StoredManifest): boolean {
    if (now.kind === "missing" || JSON.stringify(now) !== JSON.stringify(earlier)) return false;
    const file = this.#files.get(earlier);
    return file === undefined || this.#files.get(now) === file;
  }

  async clean(name: string): Promise<void> {
    for (const part of ["work", "partial"] as const) {
      const folder = this.#folder(part, name);
      if (await exists(folder)) await this.#takeAway(folder);
    }
    await this.forget(name);
  }

  async claim(name: string, options: ClaimOptions): Promise<JobClaim | undefined> {
    const path = this.#file("claims", name);
    try {
      makeFolder(join(this.place, "claims"));
      return await takeClaim(new ClaimFile(path), { ...options, times: this.#times });
    } catch (error) {
      throw notSaved(path, error);
    }
  }

  async requestStop(name: string): Promise<void> {
    await writeAtomically(this.#file("stops", name), "{}\n");
  }

  async stopRequested(name: string): Promise<boolean> {
    return exists(this.#file("stops", name));
  }

  async writeFailure(name: string, failure: JobFailure): Promise<void> {
    await writeAtomically(this.#file("failures", name), `${JSON.stringify(failure)}\n`);
  }

  async readFailure(name: string): Promise<JobFailure | undefined> {
    return parseFailure(await readTextFile(this.#file("failures", name), { maxBytes: 1 << 20 }).catch(() => undefined));
  }

  async forget(name: string): Promise<void> {
    for (const part of ["stops", "failures"] as const) {
      const path = this.#file(part, name);
      if (await exists(path)) await this.#takeAway(path);
    }
  }

  #folder(part: "results" | "work" | "partial", name: string): string {
    expectJobName(name);
    return join(this.place, part, name);
  }

  #file(part: "jobs" | "manifests" | "claims" | "stops" | "failures", name: string): string {
    expectJobName(name);
    return join(this.place, part, `${name}.json`);
  }

  async #made(folder: string): Promise<string> {
    try {
      makeFolder(folder);
    } catch (error) {
      throw notSaved(folder, error);
    }
    return Promise.resolve(folder);
  }

  #takeAway(place: string): Promise<void> {
    return takeAway(place, join(this.place, TRASH));
  }
}

/** A text that differs between a file and a later one of its name; undefined if there is none. */
async function identityOf(path: string): Promise<string | undefined> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return found && `${found.ino} ${found.mtimeNs}`;
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
