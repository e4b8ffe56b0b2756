import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { inspect } from "node:util";

import { forgetHosts } from "../../src/base/http";
import { projectRoot } from "../../src/base/project-root";
import { TsloraError } from "../../src/base/tslora-error";
import { downloadModel } from "../../src/hub/download-model";
import { hubSettings } from "../../src/hub/hub-settings";
import { resolveModel } from "../../src/hub/resolve-model";
import { waitUntil } from "../base/wait-until";
import { COMMIT, fakeHub, type Faults } from "./fake-hub";

const fixture = join(projectRoot(), "test", "fixtures", "tiny-distilbert");
const weights = Buffer.alloc(300_000, "weights and weights");
const files = {
  "config.json": readFileSync(join(fixture, "config.json")),
  "model.safetensors": weights,
  "vocab.txt": Buffer.from("[PAD]\n[UNK]\n"),
};
const sha256 = createHash("sha256").update(weights).digest("hex");

/** Fetches a model from a Hub with faults; `left` is what an earlier start left of the weights. */
async function fetchWith(
  faults: Faults,
  { left, revision }: { left?: Buffer; revision?: string } = {},
): Promise<{ weights: Buffer; requests: readonly string[] }> {
  const hub = await fakeHub(files, faults);
  const cacheDir = await mkdtemp(join(tmpdir(), "tslora-broken-"));
  const blobs = join(cacheDir, "models--some--model", "blobs");
  forgetHosts();
  try {
    await mkdir(blobs, { recursive: true });
    if (left !== undefined) await writeFile(join(blobs, `${sha256}.incomplete`), left);
    const { directory } = await resolveModel("some/model", {
      endpoint: hub.endpoint,
      cacheDir,
      offline: false,
      idleMs: 1500,
      revision,
    });
    return { weights: await readFile(join(directory, "model.safetensors")), requests: hub.requests };
  } catch (error) {
    assert.ok(!existsSync(join(blobs, sha256)), "nothing is taken for whole");
    assert.ok(
      readdirSync(cacheDir).every((name) => name === "models--some--model"),
      "nothing is written elsewhere",
    );
    throw error;
  } finally {
    await hub.close();
    await rm(cacheDir, { recursive: true, force: true });
  }
}

const refused = (code: string, message: RegExp) => (error: unknown) =>
  error instanceof TsloraError && error.code === code && message.test(error.message) && error.message.length < 1000;
const once =
  (answer: NonNullable<Faults["storage"]>): NonNullable<Faults["storage"]> =>
  (request) =>
    request.attempt === 1 && answer(request);

test("a body is refused as soon as it is longer than announced", async () => {
  const endless: Faults["storage"] = ({ response }) => {
    response.writeHead(200);
    const more = (error?: Error | null): void => {
      if (error == null && !response.destroyed) setImmediate(() => response.write(Buffer.alloc(1 << 16), more));
    };
    more();
    return true;
  };
  await assert.rejects(
    fetchWith({ storage: endless }),
    refused("bad-input", /model\.safetensors from .* is longer than the announced 300000 bytes/),
  );
});

test("a broken download is resumed, or started again if it cannot be", async () => {
  assert.ok(
    (await fetchWith({}, { left: weights.subarray(0, 1000) })).requests.includes(
      "STORAGE GET /model.safetensors bytes=1000-",
    ),
  );
  for (const left of [Buffer.alloc(300_001), Buffer.alloc(300_000), Buffer.alloc(1000)]) {
    const found = await fetchWith({}, { left });
    assert.ok(found.weights.equals(weights), `${left.length} bytes were left`);
    assert.ok(found.requests.includes("STORAGE GET /model.safetensors"), found.requests.join("\n"));
  }
});

test("a cache that cannot be written is an error of the disk, without further requests", async () => {
  const hub = await fakeHub(files);
  const cacheDir = await mkdtemp(join(tmpdir(), "tslora-unwritable-"));
  forgetHosts();
  try {
    await mkdir(join(cacheDir, "models--some--model", "blobs", `${sha256}.incomplete`), { recursive: true });
    await assert.rejects(
      resolveModel("some/model", { endpoint: hub.endpoint, cacheDir, offline: false, idleMs: 60_000 }),
      refused("not-saved", /model\.safetensors cannot be written to .*blobs: it is a folder \(EISDIR\)\./),
    );
    assert.equal(hub.requests.filter((request) => request.startsWith("STORAGE GET")).length, 1);
  } finally {
    await hub.close();
    await rm(cacheDir, { recursive: true, force: true });
  }
});

test("an error of onProgress stops the download and is thrown as it is; a further start continues", async () => {
  const hub = await fakeHub(files);
  const cacheDir = await mkdtemp(join(tmpdir(), "tslora-listened-"));
  const options = { endpoint: hub.endpoint, cacheDir, offline: false, idleMs: 60_000 };
  forgetHosts();
  try {
    const mistake = new Error("mistake");
    const onProgress = ({ file }: { readonly file: string }): void => {
      if (file === "model.safetensors") throw mistake;
    };
    await assert.rejects(resolveModel("some/model", { ...options, onProgress }), (error: unknown) => error === mistake);
    assert.equal(hub.requests.filter((request) => request.startsWith("STORAGE GET")).length, 1);
    const { directory } = await resolveModel("some/model", options);
    assert.ok((await readFile(join(directory, "model.safetensors"))).equals(weights));
  } finally {
    await hub.close();
    await rm(cacheDir, { recursive: true, force: true });
  }
});

test("an answer with another range than requested is not used", async () => {
  const left = weights.subarray(0, 1000);
  const ranges = [
    {},
    { "content-range": "bytes 0-299999/300000" },
    { "content-range": "bytes 2000-299999/300000" },
    { "content-range": "bytes 1000-299999/300001" },
    { "content-range": "bytes 1000-999/300000" },
    { "content-range": "x" },
  ];
  for (const headers of ranges) {
    const other = once(({ response }) => (response.writeHead(206, headers).end(Buffer.alloc(299_000, 1)), true));
    const found = await fetchWith({ storage: other }, { left });
    assert.ok(found.weights.equals(weights), JSON.stringify(headers));
  }
  const whole = once(({ response }) => (response.writeHead(200).end(weights), true));
  assert.ok((await fetchWith({ storage: whole }, { left })).weights.equals(weights), "a server without ranges");
  const gone = once(({ response }) => (response.writeHead(416).end(), true));
  assert.ok((await fetchWith({ storage: gone }, { left })).weights.equals(weights), "416");
});

test("a chunked body that ends early or stalls is requested again from where it stopped", async () => {
  const short = once(({ response, bytes }) => (response.writeHead(200).end(bytes.subarray(0, 5000)), true));
  const stalled = once(
    ({ response, bytes }) => (
      response.writeHead(200, { "content-length": bytes.length }).write(bytes.subarray(0, 5000)),
      true
    ),
  );
  const silent: Faults["storage"] = () => true;
  const [afterShort, afterStalled] = await Promise.all([
    fetchWith({ storage: short }),
    fetchWith({ storage: stalled }),
    assert.rejects(fetchWith({ storage: silent }), refused("unreachable", /model\.safetensors broke off 4 times/)),
  ]);
  assert.ok(afterShort.requests.includes("STORAGE GET /model.safetensors bytes=5000-"));
  assert.ok(afterStalled.requests.some((request) => /^STORAGE GET \S+ bytes=\d+-$/.test(request)));
});

/** Fetches a model from a Hub with faults, without pausing; `waits` receives the pauses in milliseconds. */
async function fetchAtOnce(faults: Faults, waits: number[]): Promise<Buffer> {
  const hub = await fakeHub(files, faults);
  const cacheDir = await mkdtemp(join(tmpdir(), "tslora-busy-"));
  forgetHosts();
  try {
    const directory = await downloadModel("some/model", {
      ...hubSettings({ endpoint: hub.endpoint, cacheDir, offline: false, idleMs: 60_000 }),
      revision: "main",
      pause: async (ms) => void (await Promise.resolve(waits.push(ms))),
    });
    return await readFile(join(directory, "model.safetensors"));
  } finally {
    await hub.close();
    await rm(cacheDir, { recursive: true, force: true });
  }
}

test("requests are repeated after 429 and 5xx, on the Hub and the storage, after the time in Retry-After", async () => {
  const cases = [
    [503, {}, [500, 1000]],
    [500, {}, [500, 1000]],
    [429, { "retry-after": "7" }, [7000, 7000]],
  ] as const;
  for (const [status, headers, expected] of cases) {
    const waits: number[] = [];
    const storage: Faults["storage"] = ({ response, attempt }) =>
      attempt < 3 && (response.writeHead(status, headers).end("busy"), true);
    assert.ok((await fetchAtOnce({ storage }, waits)).equals(weights));
    assert.deepEqual(waits, expected);
    for (const refusedMethod of ["HEAD", "GET"]) {
      let left = 2;
      const small: Faults["small"] = ({ file, method, response }) =>
        file === "vocab.txt" &&
        method === refusedMethod &&
        left-- > 0 &&
        (response.writeHead(status, headers).end(), true);
      const smallWaits: number[] = [];
      assert.ok((await fetchAtOnce({ small }, smallWaits)).equals(weights));
      assert.deepEqual(smallWaits, expected, refusedMethod);
    }
  }
});

test("after the last attempt the error names the status; other statuses are not repeated", async () => {
  const cases = [
    [503, {}, /model\.safetensors: \S+ answers 503 again and again\. Try again later\./, [500, 1000, 2000]],
    [429, { "retry-after": "3600" }, /model\.safetensors: \S+ answers 429\. Try again in 60 minutes\./, []],
    [410, {}, /model\.safetensors: \S+ answers 410\./, []],
  ] as const;
  for (const [status, headers, message, expected] of cases) {
    const waits: number[] = [];
    const storage: Faults["storage"] = ({ response }) => (response.writeHead(status, headers).end("busy"), true);
    await assert.rejects(fetchAtOnce({ storage }, waits), (error: unknown) => {
      assert.ok(refused("unreachable", message)(error), String(error));
      assert.equal((error as TsloraError).details.status, status);
      return true;
    });
    assert.deepEqual(waits, expected);
  }
});

test("the body of an answer that is not used is not left open", async () => {
  let isClosed = false;
  const storage: Faults["storage"] = ({ response, bytes, attempt }) => {
    if (attempt === 1) {
      response.once("close", () => (isClosed = true));
      response.writeHead(503).write("busy"); // and never ends
    } else {
      waitUntil(() => isClosed, { what: "the first answer was closed", limitMs: 20_000 }).then(
        () => response.writeHead(200).end(bytes),
        () => response.writeHead(410).end(),
      );
    }
    return true;
  };
  assert.ok((await fetchAtOnce({ storage }, [])).equals(weights));
});

test("a redirect to an address with a password is not followed, and its error does not show the password", async () => {
  await assert.rejects(
    fetchWith({ headers: { location: "http://user:canary@127.0.0.1:9/x" } }),
    (error: unknown) =>
      refused("bad-input", /redirects to 127\.0\.0\.1:9 with a name or a password/)(error) &&
      !inspect(error, { depth: 20, showHidden: true }).includes("canary"),
  );
});

test("a file without size and checksum, and invalid file names, are refused", async () => {
  await assert.rejects(
    fetchWith({ headers: { "x-linked-size": undefined, "x-linked-etag": '"abc"', etag: '"abc"' } }),
    refused("bad-input", /names neither the file's size nor its sha256/),
  );
  assert.ok(
    (await fetchWith({ headers: { "x-linked-size": undefined } })).weights.equals(weights),
    "a sha256 is enough",
  );
  for (const commit of ["..", ".", "main", "a/b", "A".repeat(40), "0".repeat(41)])
    await assert.rejects(
      fetchWith({ headers: { "x-repo-commit": commit } }),
      refused("bad-input", /must name a commit of 40 hexadecimal digits/),
      commit,
    );
  for (const etag of ["../x", "..", "a\\b", "x".repeat(200)])
    await assert.rejects(
      fetchWith({ headers: { "x-linked-etag": `"${etag}"` } }),
      refused("bad-input", /and a checksum; got/),
      etag,
    );
  for (const size of ["-1", "1e3", "abc", "9".repeat(30)])
    await assert.rejects(
      fetchWith({ headers: { "x-linked-size": size } }),
      refused("bad-input", /must name the file's size/),
      size,
    );
  for (const location of ["file:///etc/passwd", "javascript:1", "http://"])
    await assert.rejects(
      fetchWith({ headers: { location } }),
      refused("bad-input", /redirects to .*, which is no address on the web/),
      location,
    );
  for (const revision of ["..", "../x", "a/../b", "/x", "a\\b", "a\0b"])
    await assert.rejects(
      fetchWith({}, { revision }),
      refused("bad-option", /revision must name a branch, tag or commit/),
      JSON.stringify(revision),
    );
});

/** The Hub's headers for a small file of given bytes: git's hash of them as the etag. */
const gitHeaders = (bytes: Buffer, commit = COMMIT): Record<string, string | number> => ({
  "x-repo-commit": commit,
  etag: `"${createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex")}"`,
  "content-length": bytes.length,
});
const other = Buffer.from("[PAD]\n[UNW]\n"); // of the same length

test("small files are compared with git's hash, which is their etag", async () => {
  const right: Faults["small"] = ({ bytes, response, method }) => (
    response.writeHead(200, gitHeaders(bytes)).end(method === "GET" ? bytes : undefined),
    true
  );
  assert.ok((await fetchWith({ small: right })).weights.equals(weights));
  const spoilt: Faults["small"] = ({ bytes, response, method, file }) =>
    file === "vocab.txt" &&
    (response.writeHead(200, gitHeaders(bytes)).end(method === "GET" ? other : undefined), true);
  await assert.rejects(
    fetchWith({ small: spoilt }),
    refused(
      "bad-input",
      /vocab\.txt from .* is damaged or incomplete: its git hash is [0-9a-f]{40}, and [0-9a-f]{40} was announced/,
    ),
  );
});

test("a file or a commit that changes during a download is not mixed with what came before", async () => {
  const changing: Faults["small"] = ({ bytes, response, method, file }) => {
    if (file !== "vocab.txt") return false;
    const sent = method === "GET" ? other : bytes;
    response.writeHead(200, gitHeaders(sent)).end(method === "GET" ? sent : undefined);
    return true;
  };
  await assert.rejects(
    fetchWith({ small: changing }),
    refused("bad-input", /vocab\.txt changed on .* while it was fetched\. Fetch it again/),
  );
  const moved: Faults["small"] = ({ bytes, response, method, file }) => {
    if (file !== "vocab.txt") return false;
    response.writeHead(200, gitHeaders(bytes, "f".repeat(40))).end(method === "GET" ? bytes : undefined);
    return true;
  };
  await assert.rejects(
    fetchWith({ small: moved }),
    refused("bad-input", /changed while it was fetched: config\.json is of commit 0123.*, vocab\.txt of f{40}/),
  );
});
