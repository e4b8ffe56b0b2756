import { readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";

import { canonicalSha256 } from "../../base/canonical-json";
import { isMissing } from "../../base/files/error-code";
import { makeFolder } from "../../base/files/make-folder";
import { sha256OfFile } from "../../base/files/sha256-of-file";
import { writeAtomically } from "../../base/files/write-atomically";
import { packageVersion } from "../../base/package-version";
import { TsloraError } from "../../base/tslora-error";
import type { JobDocument } from "../contract/job-document";
import type { JobManifest, ResultFile } from "../contract/job-manifest";
import type { JobType } from "../contract/job-type";
import type { JobDriver, JobOutcome, RunJobOptions } from "../drivers/job-driver";
import { predictShardJob } from "./predict-shard-job";

const TRIES = 3;

/** Runs jobs one after the other in this process, in a folder with the layout of a store. */
export class InProcessDriver implements JobDriver {
  readonly name = "local";
  readonly capacity = 1;
  readonly #folder: string;
  readonly #types: readonly JobType[];

  constructor(folder: string, types: readonly JobType[] = [predictShardJob]) {
    this.#folder = folder;
    this.#types = types;
  }

  async run(document: JobDocument, options: RunJobOptions = {}): Promise<JobOutcome> {
    const { signal = new AbortController().signal, onEvent } = options;
    const job = document.name;
    const found = await this.#manifest(document);
    if (found !== undefined) return { type: "done", job, manifest: found, reused: true };
    for (let attempt = 1; ; attempt++) {
      onEvent?.({ type: "started", job, attempt, worker: `process ${process.pid}` });
      try {
        return { type: "done", job, manifest: await this.#compute(document, { ...options, signal }), reused: false };
      } catch (failure) {
        if (signal.aborted) return { type: "stopped", job };
        const error = failure instanceof Error ? failure.message : String(failure);
        // the same input gives the same fault
        const retries = attempt < TRIES && !(failure instanceof TsloraError && failure.code === "bad-input");
        onEvent?.({ type: "failed", job, attempt, error, retries });
        if (!retries) return { type: "failed", job, attempts: attempt, error };
      }
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #compute(document: JobDocument, options: RunJobOptions & { readonly signal: AbortSignal }): Promise<JobManifest> {
    const { name } = document;
    const type = this.#types.find((one) => one.name === document.type);
    if (type === undefined)
      throw new TsloraError("unsupported", `Jobs of the type ${document.type} do not run in this process.`);
    const [resultFolder, workFolder, results] = ["incomplete", "work", "results"].map((part) =>
      join(this.#folder, part, name),
    );
    await rm(resultFolder, { recursive: true, force: true });
    for (const folder of [resultFolder, workFolder, join(results, "..")]) makeFolder(folder);
    const inputs = await Promise.all(document.inputs.map((input) => this.#input(input)));
    const summary = await type.run(document, {
      ...{ resultFolder, workFolder, inputs },
      progress: (progress) => options.onEvent?.({ type: "progress", job: name, progress }),
      signal: options.signal,
    });
    await rm(results, { recursive: true, force: true });
    await rename(resultFolder, results);
    const files: ResultFile[] = [];
    for (const path of (await readdir(results)).sort()) {
      const { size } = await stat(join(results, path));
      files.push({ path, bytes: size, sha256: await sha256OfFile(join(results, path)) });
    }
    const whole = {
      ...({ format: 1, job: name } as const),
      ...{ document: canonicalSha256(document), code: packageVersion(), files, summary },
    };
    const manifest: JobManifest = { ...whole, sha256: canonicalSha256(whole) };
    await writeAtomically(join(this.#folder, "manifests", `${name}.json`), `${JSON.stringify(manifest, undefined, 1)}\n`);
    await rm(workFolder, { recursive: true, force: true });
    return manifest;
  }

  async #input({ path, sha256 }: JobDocument["inputs"][number]): Promise<string> {
    const place = path.startsWith("/") ? path : join(this.#folder, path);
    if ((await sha256OfFile(place)) === sha256) return place;
    throw new TsloraError("bad-input", `${path} must have the SHA-256 ${sha256}; it was changed since it was planned.`);
  }

  /** The manifest of a finished job, if it is of this document and its files are whole. */
  async #manifest(document: JobDocument): Promise<JobManifest | undefined> {
    try {
      const path = join(this.#folder, "manifests", `${document.name}.json`);
      const { sha256, ...whole } = JSON.parse(await readFile(path, "utf8")) as JobManifest;
      if (sha256 !== canonicalSha256(whole) || whole.document !== canonicalSha256(document)) return undefined;
      for (const file of whole.files)
        if ((await sha256OfFile(join(this.#folder, "results", document.name, file.path))) !== file.sha256)
          return undefined;
      return { ...whole, sha256 };
    } catch (error) {
      if (isMissing(error) || error instanceof SyntaxError) return undefined;
      throw error;
    }
  }
}
