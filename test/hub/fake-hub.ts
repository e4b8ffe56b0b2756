import { createHash } from "node:crypto";
import type { ServerResponse } from "node:http";

import { address, closeAll, listen } from "./servers";

/** A server that answers as the Hub does, and the storage that it redirects large files to, on another origin. */
export interface FakeHub {
  readonly endpoint: string;
  /** Requests as `METHOD url`, those to the storage as `STORAGE METHOD url range`. */
  readonly requests: string[];
  /** Authorization headers that the storage was sent. */
  readonly leaked: string[];
  close(): Promise<void>;
}

/** Faults of the server. */
export interface Faults {
  /** The storage's first answer breaks off halfway. */
  readonly cutFirst?: boolean;
  /** The storage sends other bytes than announced. */
  readonly spoil?: boolean;
  readonly status?: number;
  /** Answers in the storage's place, where it returns true. */
  readonly storage?: (request: { bytes: Buffer; start: number; response: ServerResponse; attempt: number }) => boolean;
  /** Answers in the Hub's place for a file that it sends itself, where it returns true. */
  readonly small?: (request: { file: string; method: string; bytes: Buffer; response: ServerResponse }) => boolean;
  /** Headers of the Hub's answers in place of the right ones; undefined leaves one out. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

export const COMMIT = "0123456789abcdef0123456789abcdef01234567";

/** Starts both. */
export async function fakeHub(files: Readonly<Record<string, Buffer>>, faults: Faults = {}): Promise<FakeHub> {
  const requests: string[] = [];
  const leaked: string[] = [];
  let cut = faults.cutFirst === true;
  const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
  const storage = await listen((request, response) => {
    const range = request.headers.range;
    requests.push(`STORAGE ${request.method} ${request.url} ${range ?? ""}`.trim());
    if (request.headers.authorization !== undefined) leaked.push(request.headers.authorization);
    const bytes = files[(request.url ?? "").slice(1)];
    if (bytes === undefined || request.method === "HEAD")
      return void response.writeHead(request.method === "HEAD" ? 200 : 404).end();
    const sent = faults.spoil === true ? Buffer.alloc(bytes.length, 7) : bytes;
    const start = range === undefined ? 0 : Number(/bytes=(\d+)-/.exec(range)?.[1]);
    if (range !== undefined && start >= sent.length) return void response.writeHead(416).end();
    const contentRange =
      range === undefined ? {} : { "content-range": `bytes ${start}-${sent.length - 1}/${sent.length}` };
    if (
      faults.storage?.({
        bytes: sent,
        start,
        response,
        attempt: requests.filter((line) => line.startsWith("STORAGE GET")).length,
      }) === true
    )
      return;
    response.writeHead(range === undefined ? 200 : 206, { "content-length": sent.length - start, ...contentRange });
    if (!cut) return void response.end(sent.subarray(start));
    cut = false;
    response.write(sent.subarray(0, sent.length >> 1), () => response.socket?.destroy());
  });
  const hub = await listen((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    if (request.url === "/") return void response.end();
    if (faults.status !== undefined) return void response.writeHead(faults.status).end();
    const file = decodeURIComponent((request.url ?? "").split("/resolve/main/")[1] ?? "");
    const bytes = files[file];
    if (bytes === undefined) return void response.writeHead(404).end();
    if (
      !file.endsWith(".safetensors") &&
      faults.small?.({ file, method: request.method ?? "", bytes, response }) === true
    )
      return;
    const etag = file.endsWith(".safetensors") ? sha256(bytes) : createHash("sha1").update(bytes).digest("hex");
    const headers = { "x-repo-commit": COMMIT, etag: `"${etag}"` };
    const stated = (right: Record<string, string | number>): Record<string, string | number> =>
      Object.fromEntries(
        Object.entries({ ...right, ...faults.headers }).filter(
          (entry): entry is [string, string | number] => entry[1] !== undefined,
        ),
      );
    if (file.endsWith(".safetensors"))
      response
        .writeHead(
          302,
          stated({
            ...headers,
            "x-linked-etag": `"${etag}"`,
            "x-linked-size": bytes.length,
            location: `${address(storage)}/${file}`,
          }),
        )
        .end();
    else if (request.method === "HEAD") response.writeHead(200, { ...headers, "content-length": bytes.length }).end();
    else response.writeHead(200, { ...headers, "content-length": bytes.length }).end(bytes);
  });
  return { endpoint: address(hub), requests, leaked, close: () => closeAll([hub, storage]) };
}
