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
import { moveToFreeName, syncTree, takeAway, writeToFreeName } from "./publish-folder";
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
    try {
      return parseManifest(await readTextFile(this.#file("manifests", name), { maxBytes: LONGEST_MANIFEST }), name);
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
    const folder = this.#folder("results", manifest.job);
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
      for (let tries = 0; tries < TRIES; tries++) {
        const before = await this.readManifest(job);
        if (before.kind === "found" && (await this.damageOf(before.manifest)) === undefined) return before.manifest;
        if (!(await moveToFreeName(resultFolder, place)) && (await this.damageOf(manifest)) !== undefined) {
          await this.#takeAway(place); // of a worker that was killed before it wrote a manifest, or of other code
          continue;
        }
        await writeToFreeName(this.#file("manifests", job), `${canonicalJson(manifest)}\n`);
        const after = await this.readManifest(job);
        if (after.kind === "found" && (await this.damageOf(after.manifest)) === undefined) return after.manifest;
        await this.retire(job, after);
      }
    } catch (error) {
      throw notSaved(place, error);
    }
    throw new TsloraError("not-saved", `${shownPath(place)} could not be written: other workers replace it.`);
  }

  async retire(name: string, stale: StoredManifest): Promise<void> {
    const now = await this.readManifest(name);
    if (now.kind === "missing" || JSON.stringify(now) !== JSON.stringify(stale)) return; // another worker did it
    await this.#takeAway(this.#file("manifests", name));
    await this.#takeAway(this.#folder("results", name));
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

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
