import type { CommitOutput, CommitProgressEvent } from "@huggingface/hub";

import { returnValueOf } from "../../base/return-value";
import { TsloraError } from "../../base/tslora-error";
import type { HashedFile } from "./file-hashes";
import { FileSlice } from "./file-slice";
import { hubFetch, type PushContext } from "./hub-fetch";
import { aborted, statusOf } from "./push-problem";
import type { SentBytes } from "./push-progress";

/** The package requires a token of this form; `hubFetch` replaces it with the real one. */
const PLACEHOLDER = "hf_placeholder";
/** Paths in one request. */
const ASKED = 100;

/** State of a repository on the Hub at a revision. */
export interface RemoteState {
  readonly commit: string;
  readonly private: boolean;
}

/** A repository on the Hub, through `@huggingface/hub`. */
export class HubRepository {
  readonly #context: PushContext;

  constructor(context: PushContext) {
    this.#context = context;
  }

  /** @returns undefined if there is no such repository or revision, or the token may not see it */
  async state(revision: string): Promise<RemoteState | undefined> {
    const { modelInfo } = await import("@huggingface/hub");
    try {
      const found = await modelInfo({ name: this.#name, revision, additionalFields: ["sha"], ...this.#common() });
      if (typeof found.sha !== "string" || !/^[0-9a-f]{40}$/.test(found.sha)) throw unlikeTheHub(this.#context);
      return { commit: found.sha, private: found.private };
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw readable(error, this.#context);
    }
  }

  /** Creates the repository. @returns false if it exists already */
  async create(options: { readonly private?: boolean }): Promise<boolean> {
    const { createRepo } = await import("@huggingface/hub");
    const visibility = options.private === undefined ? undefined : options.private ? "private" : "public";
    return this.#unless409(createRepo({ repo: this.#repo, visibility, accessToken: PLACEHOLDER, ...this.#common() }));
  }

  /** Creates a branch from main. @returns false if it exists already */
  async createBranch(branch: string): Promise<boolean> {
    const { createBranch } = await import("@huggingface/hub");
    return this.#unless409(createBranch({ repo: this.#repo, branch, ...this.#common() }));
  }

  /** The hashes of files at a revision, by path: a sha256 for large files, git's hash for small ones. */
  async hashes(paths: readonly string[], revision: string): Promise<ReadonlyMap<string, string>> {
    const { pathsInfo } = await import("@huggingface/hub");
    const found = new Map<string, string>();
    for (let at = 0; at < paths.length; at += ASKED) {
      const asked = paths.slice(at, at + ASKED);
      const infos = await pathsInfo({ repo: this.#repo, paths: asked, revision, ...this.#common() }).catch(
        (error: unknown) => {
          throw readable(error, this.#context);
        },
      );
      for (const { path, oid, lfs } of infos) {
        const hash = lfs?.oid ?? oid;
        if (typeof hash === "string") found.set(path, hash.replace(/^sha256:/, ""));
      }
    }
    return found;
  }

  /**
   * Stores the large files, then commits all files.
   *
   * @param options.beforeCommit - is awaited before the commit; if it throws, there is no commit
   */
  async commit(
    files: readonly HashedFile[],
    options: {
      readonly revision: string;
      readonly parent: string;
      readonly message: string;
      readonly description?: string;
      readonly createPr: boolean;
      readonly sent: SentBytes;
      readonly beforeCommit: () => Promise<void>;
    },
  ): Promise<CommitOutput> {
    const { commitIter } = await import("@huggingface/hub");
    const { sent, beforeCommit } = options;
    const stop = new AbortController();
    const failure = withResolvers();
    let committing = false;
    const onAbort = (): void => {
      if (!committing) failure.reject(aborted());
    };
    this.#context.signal.addEventListener("abort", onAbort);
    const events = commitIter({
      repo: this.#repo,
      title: options.message,
      description: options.description,
      branch: options.revision,
      parentCommit: options.parent,
      isPullRequest: options.createPr,
      useXet: false,
      abortSignal: stop.signal,
      operations: files.map((file) => ({
        operation: "addOrUpdate" as const,
        path: file.path,
        content: new FileSlice(file, { start: 0, end: file.size }),
      })),
      hubUrl: this.#context.settings.endpoint,
      fetch: hubFetch(this.#context, { sent, failed: failure.reject }),
    });
    try {
      // If one of several uploads fails, the package's generator may wait forever.
      return await Promise.race([
        follow(events, {
          sent,
          beforeCommit: async () => {
            await beforeCommit();
            committing = true;
          },
        }),
        failure.promise,
      ]);
    } catch (error) {
      stop.abort();
      throw readable(error, this.#context);
    } finally {
      this.#context.signal.removeEventListener("abort", onAbort);
    }
  }

  get #name(): string {
    return this.#context.repoId;
  }

  get #repo(): { type: "model"; name: string } {
    return { type: "model", name: this.#name };
  }

  #common(): { hubUrl: string; fetch: typeof fetch } {
    return { hubUrl: this.#context.settings.endpoint, fetch: hubFetch(this.#context) };
  }

  async #unless409(work: Promise<unknown>): Promise<boolean> {
    try {
      await work;
      return true;
    } catch (error) {
      if (statusOf(error) === 409) return false;
      throw readable(error, this.#context);
    }
  }
}

function withResolvers(): { promise: Promise<never>; reject: (error: unknown) => void } {
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<never>((_, fail) => (reject = fail));
  return { promise, reject };
}

/** Reads the events of a commit to its end. If `beforeCommit` throws, the package's generator ends there. */
async function follow(
  events: AsyncGenerator<CommitProgressEvent, CommitOutput | undefined>,
  { sent, beforeCommit }: { sent: SentBytes; beforeCommit: () => Promise<void> },
): Promise<CommitOutput> {
  const untyped = events as AsyncGenerator<CommitProgressEvent, CommitOutput | undefined, void>; // it takes no values
  const output = await returnValueOf(untyped, async (event) => {
    if (event.event === "phase" && event.phase === "committing") await beforeCommit();
    if (event.event === "fileProgress" && event.state === "uploading" && event.progress === 1) sent.finish(event.path);
  });
  if (output === undefined) throw new TypeError("A commit must end with a result.");
  return output;
}

/** Converts an error of the package. Errors of requests are TsloraErrors; others come from answers it cannot read. */
function readable(error: unknown, context: PushContext): unknown {
  if (error instanceof TsloraError) return error;
  if (error instanceof Error && "syscall" in error) return error;
  return unlikeTheHub(context, error);
}

function unlikeTheHub({ settings }: PushContext, error?: unknown): TsloraError {
  const why = error instanceof Error ? ` (${error.name})` : "";
  return new TsloraError(
    "bad-input",
    `${settings.endpoint} must answer as the Hub does; it does not${why}. Is HF_ENDPOINT right?`,
  );
}
