import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

import { address, closeAll, listen, readBody } from "./servers";

/** A file of a repository. */
export interface HubFile {
  readonly bytes: Buffer;
  /** Whether the repository holds a pointer, and the storage the bytes. */
  readonly lfs: boolean;
}

/** A request as a fault sees it. */
export interface HubRequest {
  /** `hub` or `storage`. */
  readonly to: "hub" | "storage";
  readonly method: string;
  /** The path, without the query. */
  readonly path: string;
  /** The number of requests of this method and path, with this one. */
  readonly count: number;
}

/** A fault of a request: an answer in place of the right one, or a cut connection. */
export type Fault =
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
      /** Whether the request takes effect all the same. @default false */
      readonly works?: boolean;
    }
  /** Before anything is read, within the request's body, after the work is done, or within the answer. */
  | { readonly cut: "before" | "body" | "after" | "answer" }
  /** No answer at all. */
  | { readonly silent: true };

/** A server's behaviour. */
export interface HubOptions {
  /** The token that may write. */
  readonly token: string;
  /** Owners under which the token may create repositories. @default ["me"] */
  readonly owners?: readonly string[];
  /** Bytes from which a file is large. @default 1000 */
  readonly lfsFrom?: number;
  /** Bytes of a part of a multipart upload; files up to it are sent at once. */
  readonly chunkSize?: number;
  readonly fault?: (request: HubRequest) => Fault | undefined;
}

interface Repository {
  readonly isPrivate: boolean;
  readonly gated: boolean;
  /** Files by path, by branch. */
  readonly branches: Map<string, { commit: string; files: Map<string, HubFile> }>;
  readonly commits: { readonly branch: string; readonly summary: string; readonly paths: readonly string[] }[];
}

interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: string | Buffer;
}

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
const gitHash = (bytes: Buffer): string =>
  createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
const json = (value: unknown, status = 200): Reply => ({
  status,
  headers: { "content-type": "application/json; charset=utf-8" },
  body: JSON.stringify(value),
});
const refusal = (status: number, error: string, code?: string): Reply => ({
  ...json({ error }, status),
  headers: {
    "content-type": "application/json; charset=utf-8",
    ...(code === undefined ? {} : { "x-error-code": code }),
  },
});

/**
 * A server that behaves as the Hub's API for writing and reading does, with its storage on another origin. It keeps
 * repositories in memory, and checks what a client sends.
 */
export class HubServer {
  readonly requests: string[] = [];
  /** Authorizations that the storage was sent. */
  readonly leaked: string[] = [];
  /** Actions that a right client never takes. */
  readonly mistakes: string[] = [];
  readonly repositories = new Map<string, Repository>();
  /** Large files by their sha256. */
  readonly stored = new Map<string, Buffer>();
  readonly #options: HubOptions;
  readonly #parts = new Map<string, Map<number, Buffer>>();
  readonly #counts = new Map<string, number>();
  #hub = "";
  #storage = "";
  #close: () => Promise<void> = () => Promise.resolve();
  #commits = 0;

  private constructor(options: HubOptions) {
    this.#options = options;
  }

  static async start(options: HubOptions): Promise<HubServer> {
    const server = new HubServer(options);
    const answer = (to: "hub" | "storage") => (request: IncomingMessage, response: ServerResponse) =>
      void server.#answer(to, request, response);
    const [hub, storage] = [await listen(answer("hub")), await listen(answer("storage"))];
    server.#hub = address(hub);
    server.#storage = address(storage);
    server.#close = () => closeAll([hub, storage]);
    return server;
  }

  get endpoint(): string {
    return this.#hub;
  }

  close(): Promise<void> {
    return this.#close();
  }

  /** Adds a repository. */
  add(name: string, { files = {}, isPrivate = false, gated = false }: Partial<AddedRepository> = {}): Repository {
    const held = new Map(Object.entries(files).map(([path, bytes]) => [path, this.#file(path, bytes)]));
    const main = { commit: this.#nextCommit(), files: held };
    const repository: Repository = { isPrivate, gated, branches: new Map([["main", main]]), commits: [] };
    this.repositories.set(name, repository);
    return repository;
  }

  /** The bytes of a branch's files, by path. */
  files(name: string, branch = "main"): Record<string, Buffer> {
    const held = this.repositories.get(name)?.branches.get(branch)?.files ?? new Map<string, HubFile>();
    return Object.fromEntries([...held].sort().map(([path, { bytes }]) => [path, bytes]));
  }

  /** Requests that match a pattern. */
  asked(pattern: RegExp): string[] {
    return this.requests.filter((request) => pattern.test(request));
  }

  #file(path: string, bytes: Buffer): HubFile {
    const lfs = this.#isLarge(path, bytes.length);
    if (lfs) this.stored.set(sha256(bytes), bytes);
    return { bytes, lfs };
  }

  #isLarge(path: string, size: number): boolean {
    return path.endsWith(".safetensors") || size >= (this.#options.lfsFrom ?? 1000);
  }

  #nextCommit(): string {
    return (++this.#commits).toString(16).padStart(40, "0");
  }

  async #answer(to: "hub" | "storage", request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method ?? "GET";
    const url = new URL(request.url ?? "/", "http://host");
    if (method === "HEAD" && url.pathname === "/") return void response.end();
    const line = `${to === "storage" ? "STORAGE " : ""}${method} ${decodeURIComponent(url.pathname)}${url.search.includes("create_pr") ? "?create_pr=1" : ""}`;
    this.requests.push(line);
    const count = (this.#counts.get(line) ?? 0) + 1;
    this.#counts.set(line, count);
    if (to === "storage" && request.headers.authorization !== undefined)
      this.leaked.push(request.headers.authorization);
    const fault = this.#options.fault?.({ to, method, path: decodeURIComponent(url.pathname), count });
    if (fault !== undefined && "silent" in fault) return;
    if (fault !== undefined && "cut" in fault && fault.cut === "before") return void request.socket.destroy();
    if (fault !== undefined && "cut" in fault && fault.cut === "body")
      return void request.once("data", () => request.socket.destroy());
    const body = await readBody(request).catch(() => undefined);
    if (body === undefined) return; // the client hung up
    const skips = fault !== undefined && "status" in fault && fault.works !== true;
    const right = skips ? undefined : this.#reply({ to, method, url, body, headers: request.headers });
    if (fault !== undefined && "status" in fault)
      return void response.writeHead(fault.status, fault.headers).end(fault.body);
    if (fault?.cut === "after") return void request.socket.destroy();
    const { status, headers = {}, body: text = "" } = right ?? { status: 500 };
    response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(text) });
    if (fault?.cut === "answer")
      return void response.write(Buffer.from(text).subarray(0, 5), () => request.socket.destroy());
    response.end(method === "HEAD" ? undefined : text);
  }

  #reply(of: { to: string; method: string; url: URL; body: Buffer; headers: IncomingMessage["headers"] }): Reply {
    const { to, method, url, body, headers } = of;
    const path = decodeURIComponent(url.pathname);
    if (to === "storage") return this.#store(method, { path, url, body, headers });
    const resolved = /^\/([^/]+\/[^/]+|[^/]+)\/resolve\/(.+?)\/([\w.-]+|onnx\/[\w.-]+)$/.exec(path);
    const { authorization } = headers;
    const known = authorization === `Bearer ${this.#options.token}`;
    if (authorization !== undefined && !known) return refusal(401, "Invalid credentials in Authorization header");
    if (resolved !== null) return this.#resolve(resolved.slice(1), known);
    if (!known) return refusal(401, "Invalid username or password.");
    const batch = /^\/([^/]+\/[^/]+)\.git\/info\/lfs\/objects\/batch$/.exec(path);
    if (batch !== null) return this.#batch(batch[1], body);
    if (path === "/api/repos/create" && method === "POST") return this.#create(body);
    const call = /^\/api\/models\/([^/]+\/[^/]+)\/(revision|paths-info|preupload|commit|branch)\/(.+)$/.exec(path);
    if (call === null) return refusal(404, "Not found");
    const [, name, verb, revision] = call;
    const repository = this.repositories.get(name);
    if (repository === undefined) return refusal(404, "Repository not found", "RepoNotFound");
    if (verb === "branch") return this.#branch(repository, revision, body);
    const branch = this.#at(repository, revision);
    if (branch === undefined) return refusal(404, `Invalid rev id: ${revision}`, "RevisionNotFound");
    if (verb === "revision")
      return json({ _id: "1", id: name, sha: branch.commit, private: repository.isPrivate, gated: repository.gated });
    if (!this.#mayWrite(name) && verb !== "paths-info" && !url.search.includes("create_pr"))
      return refusal(403, "You don't have the rights to write to this repository");
    if (verb === "paths-info") return this.#pathsInfo(branch.files, body);
    if (verb === "preupload") return this.#preupload(body);
    return this.#commit(repository, { name, revision, body, createPr: url.search.includes("create_pr=1") });
  }

  #mayWrite(name: string): boolean {
    return (this.#options.owners ?? ["me"]).includes(name.split("/")[0]);
  }

  #at(repository: Repository, revision: string): { commit: string; files: Map<string, HubFile> } | undefined {
    const { branches } = repository;
    return branches.get(revision) ?? [...branches.values()].find(({ commit }) => commit === revision);
  }

  #create(body: Buffer): Reply {
    const { name, organization, visibility, type } = JSON.parse(body.toString()) as Record<string, string>;
    const id = `${organization}/${name}`;
    if (type !== "model") this.mistakes.push(`a repository of type ${type}`);
    if (!this.#mayWrite(id)) return refusal(403, `You don't have the rights to create a model under ${organization}`);
    if (this.repositories.has(id)) return refusal(409, "You already created this model repo");
    this.add(id, { isPrivate: visibility === "private" });
    return json({ url: `${this.endpoint}/${id}`, id, name: id });
  }

  #branch(repository: Repository, branch: string, body: Buffer): Reply {
    if (repository.branches.has(branch)) return refusal(409, `Reference already exists: ${branch}`);
    const { startingPoint = "main" } = JSON.parse(body.toString()) as { startingPoint?: string };
    const start = this.#at(repository, startingPoint);
    if (start === undefined) return refusal(404, "Invalid rev id", "RevisionNotFound");
    repository.branches.set(branch, { commit: start.commit, files: new Map(start.files) });
    return { status: 201 };
  }

  #pathsInfo(files: ReadonlyMap<string, HubFile>, body: Buffer): Reply {
    const { paths } = JSON.parse(body.toString()) as { paths: string[] };
    const found = paths.flatMap((path) => {
      const file = files.get(path);
      if (file === undefined) return [];
      const { bytes, lfs } = file;
      const pointer = Buffer.from(`version https://git-lfs.github.com/spec/v1\noid sha256:${sha256(bytes)}\n`);
      const oid = gitHash(lfs ? pointer : bytes);
      const large = lfs ? { lfs: { oid: sha256(bytes), size: bytes.length, pointerSize: pointer.length } } : {};
      return [{ type: "file", path, oid, size: bytes.length, ...large }];
    });
    return json(found);
  }

  #preupload(body: Buffer): Reply {
    const { files } = JSON.parse(body.toString()) as { files: { path: string; size: number; sample: string }[] };
    return json({
      files: files.map(({ path, size, sample }) => {
        if (Buffer.from(sample, "base64").length !== Math.min(size, 512))
          this.mistakes.push(`a sample of ${path} with another length`);
        return { path, uploadMode: this.#isLarge(path, size) ? "lfs" : "regular", shouldIgnore: false };
      }),
    });
  }

  #batch(name: string, body: Buffer): Reply {
    const repository = this.repositories.get(name);
    if (repository === undefined) return refusal(404, "Repository not found", "RepoNotFound");
    const { objects, transfers } = JSON.parse(body.toString()) as {
      objects: { oid: string; size: number }[];
      transfers: string[];
    };
    const { chunkSize = Infinity } = this.#options;
    const multipart = objects.some(({ size }) => size > chunkSize);
    if (!transfers.includes("basic") || !transfers.includes("multipart")) this.mistakes.push("transfers are missing");
    return json({
      transfer: multipart ? "multipart" : "basic",
      objects: objects.map(({ oid, size }) => {
        if (this.stored.has(oid)) return { oid, size };
        const signed = `${this.#storage}/lfs/${oid}?X-Amz-Signature=grants-access`;
        if (size <= chunkSize) return { oid, size, actions: { upload: { href: signed } } };
        const parts = Array.from({ length: Math.ceil(size / chunkSize) }, (_, i) => i + 1);
        const header = Object.fromEntries([
          ["chunk_size", String(chunkSize)],
          ...parts.map((part) => [String(part).padStart(5, "0"), signed.replace("?", `/${part}?`)]),
        ]) as Record<string, string>;
        const href = `${this.#storage}/complete_multipart/${oid}?X-Amz-Signature=grants-access`;
        return { oid, size, actions: { upload: { href, header } } };
      }),
    });
  }

  #store(
    method: string,
    { path, url, body, headers }: { path: string; url: URL; body: Buffer; headers: IncomingMessage["headers"] },
  ): Reply {
    const [, kind, oid, part] = path.split("/");
    if (method === "GET" && kind === "get") return this.#read(oid, headers.range);
    if (!url.search.includes("X-Amz-Signature=grants-access")) return { status: 403 };
    if (method === "PUT" && headers["content-length"] === undefined) return { status: 411 };
    if (kind === "lfs" && part === undefined) {
      if (sha256(body) !== oid) return { status: 400, body: "BadDigest" };
      this.stored.set(oid, body);
      return { status: 200 };
    }
    const parts = this.#parts.get(oid) ?? new Map<number, Buffer>();
    this.#parts.set(oid, parts);
    if (kind === "lfs") {
      parts.set(Number(part), body);
      return { status: 200, headers: { etag: `"${sha256(body)}"` } };
    }
    const sent = (JSON.parse(body.toString()) as { parts: { partNumber: number; etag: string }[] }).parts;
    const bytes = Buffer.concat(sent.map(({ partNumber }) => parts.get(partNumber) ?? Buffer.alloc(0)));
    const right = sent.every(
      ({ partNumber, etag }) => etag === `"${sha256(parts.get(partNumber) ?? Buffer.alloc(0))}"`,
    );
    if (!right || sha256(bytes) !== oid) return { status: 400, body: "InvalidPart" };
    this.stored.set(oid, bytes);
    return json({});
  }

  #read(oid: string, range: string | undefined): Reply {
    const bytes = this.stored.get(oid);
    if (bytes === undefined) return { status: 404 };
    const start = range === undefined ? 0 : Number(/bytes=(\d+)-/.exec(range)?.[1]);
    return range === undefined
      ? { status: 200, body: bytes }
      : {
          status: 206,
          headers: { "content-range": `bytes ${start}-${bytes.length - 1}/${bytes.length}` },
          body: bytes.subarray(start),
        };
  }

  #commit(
    repository: Repository,
    { name, revision, body, createPr }: { name: string; revision: string; body: Buffer; createPr: boolean },
  ): Reply {
    const lines = body
      .toString()
      .split("\n")
      .map((line) => JSON.parse(line) as { key: string; value: Record<string, string> });
    const [header, ...operations] = lines;
    const branch = this.#at(repository, revision);
    if (branch === undefined || header.key !== "header") return refusal(400, "Bad commit");
    const { parentCommit, summary } = header.value;
    if (parentCommit !== undefined && parentCommit !== branch.commit)
      return refusal(412, "A commit has happened since. Please refresh and try again.");
    const files = new Map(branch.files);
    for (const { key, value } of operations) {
      if (key === "file") files.set(value.path, { bytes: Buffer.from(value.content, "base64"), lfs: false });
      else {
        const bytes = this.stored.get(value.oid);
        if (bytes === undefined)
          return refusal(400, `LFS pointer pointed to a file that does not exist: ${value.path}`);
        files.set(value.path, { bytes, lfs: true });
      }
    }
    const commit = this.#nextCommit();
    const number = [...repository.branches.keys()].filter((key) => key.startsWith("refs/pr/")).length + 1;
    const target = createPr ? `refs/pr/${number}` : revision;
    repository.branches.set(target, { commit, files });
    repository.commits.push({ branch: target, summary, paths: operations.map(({ value }) => value.path) });
    return json({
      success: true,
      commitOid: commit,
      commitUrl: `${this.endpoint}/${name}/commit/${commit}`,
      hookOutput: "",
      ...(createPr ? { pullRequestUrl: `${this.endpoint}/${name}/discussions/${number}` } : {}),
    });
  }

  #resolve([name, revision, file]: readonly string[], known: boolean): Reply {
    const repository = this.repositories.get(name);
    if (repository === undefined || (repository.isPrivate && !known))
      return refusal(known ? 404 : 401, "Repository not found", "RepoNotFound");
    if (repository.gated && !known) return refusal(401, "Access to this model is restricted", "GatedRepo");
    const branch = this.#at(repository, revision);
    if (branch === undefined) return refusal(404, "Invalid rev id", "RevisionNotFound");
    const found = branch.files.get(file);
    if (found === undefined) return refusal(404, "Entry not found", "EntryNotFound");
    const { bytes, lfs } = found;
    if (!lfs)
      return { status: 200, headers: { "x-repo-commit": branch.commit, etag: `"${gitHash(bytes)}"` }, body: bytes };
    const hash = sha256(bytes);
    return {
      status: 302,
      headers: {
        "x-repo-commit": branch.commit,
        "x-linked-etag": `"${hash}"`,
        "x-linked-size": bytes.length,
        location: `${this.#storage}/get/${hash}`,
      },
    };
  }
}

/** A repository that is there before a test. */
export interface AddedRepository {
  readonly files: Readonly<Record<string, Buffer>>;
  readonly isPrivate: boolean;
  readonly gated: boolean;
}
