import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

interface StoredObject {
  readonly body: Buffer;
  readonly etag: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A fault of the server for one request. */
export type Fault = "500" | "cut" | "half" | "stored-and-cut" | undefined;

/** Options of {@link startS3Server}. */
export interface S3ServerOptions {
  /** Decides the fault of a request. */
  readonly fault?: (request: { readonly method: string; readonly key: string; readonly count: number }) => Fault;
  /** Whether it ignores conditions, as older services do. @default false */
  readonly ignoresConditions?: boolean;
  /** Objects in a page of a list. @default 1,000 */
  readonly pageSize?: number;
}

/** A server with S3's protocol as far as stores use it: objects in memory, conditional writes, lists in pages. */
export interface S3Server {
  readonly url: string;
  /** Objects by BUCKET/KEY. */
  readonly objects: Map<string, StoredObject>;
  readonly requests: readonly string[];
  close(): Promise<void>;
}

export async function startS3Server(options: S3ServerOptions = {}): Promise<S3Server> {
  const objects = new Map<string, StoredObject>();
  const requests: string[] = [];
  const server = createServer((request, response) => {
    void answer(request, response, { objects, requests, options }).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    objects,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { objects, requests, options }: { objects: S3Server["objects"]; requests: string[]; options: S3ServerOptions },
): Promise<void> {
  const url = new URL(request.url ?? "", "http://server");
  const place = decodeURIComponent(url.pathname.slice(1));
  const method = request.method ?? "";
  requests.push(`${method} ${place}`);
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const fault = options.fault?.({ method, key: place, count: requests.length });
  if (fault === "cut") return void request.socket.destroy();
  if (fault === "500") return error(response, 500, "InternalError");
  if (request.headers.authorization?.startsWith("AWS4-HMAC-SHA256 Credential=canary-id/") !== true)
    return error(response, 403, "AccessDenied");
  const slash = place.indexOf("/");
  if (method === "GET" && (slash < 0 || slash === place.length - 1))
    return list(response, { objects, bucket: place.replace(/\/$/, ""), query: url.searchParams, options });
  const there = objects.get(place);
  switch (method) {
    case "GET":
    case "HEAD": {
      if (there === undefined) return error(response, 404, "NoSuchKey");
      const headers = { ETag: there.etag, "Content-Length": there.body.length, ...there.metadata };
      response.writeHead(200, headers);
      if (method === "HEAD") return void response.end();
      if (fault === "half") {
        response.write(there.body.subarray(0, there.body.length / 2));
        return void setTimeout(() => request.socket.destroy(), 20);
      }
      return void response.end(there.body);
    }
    case "PUT": {
      const { "if-none-match": none, "if-match": match } = request.headers;
      if (options.ignoresConditions !== true) {
        if (none === "*" && there !== undefined) return error(response, 412, "PreconditionFailed");
        if (match !== undefined && there === undefined) return error(response, 404, "NoSuchKey");
        if (match !== undefined && match !== there?.etag) return error(response, 412, "PreconditionFailed");
      }
      const body = Buffer.concat(parts);
      const etag = `"${createHash("md5").update(body).digest("hex")}"`;
      const metadata = Object.fromEntries(
        Object.entries(request.headers).filter(([name]) => name.startsWith("x-amz-meta-")),
      ) as Record<string, string>;
      objects.set(place, { body, etag, metadata });
      if (fault === "stored-and-cut") return void request.socket.destroy();
      response.writeHead(200, { ETag: etag });
      return void response.end();
    }
    case "DELETE":
      objects.delete(place);
      response.writeHead(204);
      return void response.end();
    default:
      return error(response, 405, "MethodNotAllowed");
  }
}

function list(
  response: ServerResponse,
  {
    objects,
    bucket,
    query,
    options,
  }: { objects: S3Server["objects"]; bucket: string; query: URLSearchParams; options: S3ServerOptions },
): void {
  const { pageSize = 1000 } = options;
  const start = `${bucket}/${query.get("prefix") ?? ""}`;
  const after = query.get("continuation-token") ?? "";
  const found = [...objects.keys()].filter((key) => key.startsWith(start) && key > after).sort();
  const page = found.slice(0, pageSize);
  const more = found.length > page.length;
  const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  const contents = page.map(
    (key) =>
      `<Contents><Key>${escaped(key.slice(bucket.length + 1))}</Key><Size>${objects.get(key)?.body.length}</Size></Contents>`,
  );
  response.writeHead(200, { "Content-Type": "application/xml" });
  response.end(
    `<?xml version="1.0"?><ListBucketResult><IsTruncated>${more}</IsTruncated>${contents.join("")}${
      more ? `<NextContinuationToken>${escaped(page[page.length - 1])}</NextContinuationToken>` : ""
    }</ListBucketResult>`,
  );
}

function error(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { "Content-Type": "application/xml" });
  response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code} of the test</Message></Error>`);
}
