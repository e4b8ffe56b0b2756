import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A server that answers as the Hub does, and the storage that it redirects large files to, on another origin. */
export interface FakeHub {
  readonly endpoint: string;
  /** Requests as `METHOD url`, those to the storage as `STORAGE METHOD url range`. */
  readonly requests: string[];
  /** Authorization headers that the storage was sent. */
  readonly leaked: string[];
  close(): Promise<void>;
}

export const COMMIT = "0123456789abcdef0123456789abcdef01234567";

/** Starts both. `cutFirst`: the storage's first answer breaks off halfway. `spoil`: it sends other bytes than announced. */
export async function fakeHub(files: Readonly<Record<string, Buffer>>, faults: { cutFirst?: boolean; spoil?: boolean; status?: number } = {}): Promise<FakeHub> {
  const requests: string[] = [];
  const leaked: string[] = [];
  let cut = faults.cutFirst === true;
  const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
  const storage = await listen((request, response) => {
    const range = request.headers.range;
    requests.push(`STORAGE ${request.method} ${request.url} ${range ?? ""}`.trim());
    if (request.headers.authorization !== undefined) leaked.push(request.headers.authorization);
    const bytes = files[(request.url ?? "").slice(1)];
    if (bytes === undefined || request.method === "HEAD") return void response.writeHead(request.method === "HEAD" ? 200 : 404).end();
    const sent = faults.spoil === true ? Buffer.alloc(bytes.length, 7) : bytes;
    const start = range === undefined ? 0 : Number(/bytes=(\d+)-/.exec(range)?.[1]);
    response.writeHead(start > 0 ? 206 : 200, { "content-length": sent.length - start });
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
    const etag = file.endsWith(".safetensors") ? sha256(bytes) : createHash("sha1").update(bytes).digest("hex");
    const headers = { "x-repo-commit": COMMIT, etag: `"${etag}"` };
    if (file.endsWith(".safetensors")) response.writeHead(302, { ...headers, "x-linked-etag": `"${etag}"`, "x-linked-size": bytes.length, location: `${address(storage)}/${file}` }).end();
    else if (request.method === "HEAD") response.writeHead(200, { ...headers, "content-length": bytes.length }).end();
    else response.writeHead(200, { ...headers, "content-length": bytes.length }).end(bytes);
  });
  const close = async (): Promise<void> => void (await Promise.all([hub, storage].map((server) => new Promise((done) => (server.closeAllConnections(), server.close(done))))));
  return { endpoint: address(hub), requests, leaked, close };
}

function listen(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<Server> {
  const server = createServer(answer);
  return new Promise((done) => server.listen(0, "127.0.0.1", () => done(server)));
}

function address(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
