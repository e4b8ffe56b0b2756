import assert from "node:assert/strict";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { forgetHosts } from "../../src/base/http";
import { projectRoot } from "../../src/base/project-root";
import { TsloraError, type TsloraErrorCode } from "../../src/base/tslora-error";
import { loadClassifier } from "../../src/classifier/load-classifier";
import { pullFromHub, type PulledAdapter, type PulledModel, type PullOptions } from "../../src/hub/pull-from-hub";
import { pushToHub } from "../../src/hub/push/push-to-hub";
import { tinyModel } from "../cli/tiny";
import { changeConfig } from "../lora/base-without";
import { tokenizer } from "../training/tiny";
import { HubServer, type HubOptions } from "./hub-server";
import { CANARY } from "./push-folders";

interface PullTest {
  readonly hub: HubServer;
  readonly folder: string;
  readonly cacheDir: string;
  readonly pull: (name: string, options?: Partial<PullOptions>) => Promise<PulledModel | PulledAdapter>;
  readonly push: (directory: string, repoId: string) => Promise<unknown>;
}

async function withPull(body: (test: PullTest) => Promise<void>, options: Partial<HubOptions> = {}): Promise<void> {
  const hub = await HubServer.start({ token: CANARY, ...options });
  const folder = await mkdtemp(join(tmpdir(), "tslora-pulled-"));
  const cacheDir = join(folder, "cache");
  const settings = { endpoint: hub.endpoint, offline: false, token: CANARY, idleMs: 5000 };
  forgetHosts();
  try {
    await body({
      hub,
      folder,
      cacheDir,
      pull: (name, more) => pullFromHub(name, { ...settings, cacheDir, ...more }),
      push: (directory, repoId) => pushToHub({ directory, repoId, ...settings }),
    });
  } finally {
    await hub.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function refused(pull: Promise<unknown>, code: TsloraErrorCode, message: RegExp): Promise<void> {
  const error: unknown = await pull.catch((reason: unknown) => reason);
  assert.ok(error instanceof TsloraError, String(error));
  assert.match(error.message, message);
  assert.equal(error.code, code);
  assert.ok(!error.message.includes(CANARY));
}

/** Files of a folder, by name. */
const read = (folder: string): Record<string, Buffer> =>
  Object.fromEntries(
    readdirSync(folder, { withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map(({ name }) => [name, readFileSync(join(folder, name))]),
  );

test("a pushed adapter is pulled with its base, byte for byte, and gives the same logits", () =>
  withPull(async ({ hub, folder, cacheDir, pull, push }) => {
    const base = await tinyModel(folder);
    const adapter = join(folder, "adapter");
    const texts = ["w5 w6 w7", "w25 w26"];
    const classifier = await loadClassifier(base, { tokenizer, seed: 3 });
    classifier.addAdapter({ r: 2, initLoraWeights: false });
    const expected = await classifier.predictLogits(texts);
    await classifier.saveAdapter(adapter);
    classifier.dispose();
    await changeConfig(adapter, { base_model_name_or_path: "me/base" });
    await writeFile(join(adapter, "README.md"), "# Card\n");
    await push(base, "me/base");
    await push(adapter, "me/it");

    const pulled = await pull("me/it");
    assert.ok(pulled.kind === "adapter" && pulled.base !== undefined);
    assert.deepEqual([pulled.notices, pulled.base.id], [[], "me/base"]);
    assert.deepEqual(read(pulled.directory), read(adapter));
    for (const [name, bytes] of Object.entries(hub.files("me/base")))
      assert.deepEqual(await readFile(join(pulled.base.directory, name)), bytes, name);

    // the layout of Python's huggingface_hub
    assert.equal(pulled.directory, join(cacheDir, "models--me--it", "snapshots", pulled.commit ?? ""));
    assert.equal(await readFile(join(cacheDir, "models--me--it", "refs", "main"), "utf8"), pulled.commit);
    assert.match(
      readlinkSync(join(pulled.directory, "adapter_model.safetensors")),
      /^\.\.\/\.\.\/blobs\/[0-9a-f]{64}$/,
    );
    assert.match(readlinkSync(join(pulled.directory, "README.md")), /^\.\.\/\.\.\/blobs\/[0-9a-f]{40}$/);

    const again = await loadClassifier(pulled.base.directory, { tokenizer, seed: 3 });
    await again.loadAdapter(pulled.directory);
    assert.deepEqual(await again.predictLogits(texts), expected);
    again.dispose();

    const gets = hub.asked(/GET/).length;
    assert.deepEqual(await pull("me/it"), pulled);
    assert.equal(hub.asked(/GET/).length, gets, "what is in the cache is not fetched again");
    const asked = hub.requests.length;
    assert.deepEqual(await pull("me/it", { offline: true }), pulled);
    assert.equal(hub.requests.length, asked, "nothing is requested offline");
    assert.deepEqual([hub.leaked, hub.mistakes], [[], []]);
  }));

test("a pushed model is pulled by branch, commit and pull request; refs are written only for names", () =>
  withPull(async ({ hub, folder, cacheDir, pull, push }) => {
    const model = await tinyModel(folder);
    await push(model, "me/model");
    const branches = hub.repositories.get("me/model")?.branches;
    const main = branches?.get("main");
    assert.ok(branches !== undefined && main !== undefined);
    for (const name of ["v2", "refs/pr/1"]) branches.set(name, main);
    for (const revision of ["main", "v2", "refs/pr/1", main.commit]) {
      const pulled = await pull("me/model", { revision });
      assert.deepEqual([pulled.kind, pulled.commit], ["model", main.commit]);
      const sent = Object.entries(hub.files("me/model"));
      for (const [name, bytes] of sent) assert.deepEqual(await readFile(join(pulled.directory, name)), bytes, name);
    }
    const refs = readdirSync(join(cacheDir, "models--me--model", "refs"), { recursive: true, encoding: "utf8" });
    assert.deepEqual(refs.sort(), ["main", "refs", "refs/pr", "refs/pr/1", "v2"]);
    (await loadClassifier((await pull("me/model")).directory, { tokenizer })).dispose();
  }));

test("private, gated and missing repositories, revisions and files have different errors, with advice", () =>
  withPull(async ({ hub, folder, pull, push }) => {
    await push(await tinyModel(folder), "me/model");
    hub.add("me/gated", { files: hub.files("me/model"), gated: true });
    hub.add("me/private", { files: hub.files("me/model"), isPrivate: true });
    const none = { token: "" };
    await refused(
      pull("me/gated", none),
      "not-found",
      /me\/gated is gated: .* \(401\)\. Open http\S+\/me\/gated, log in, accept them.* No token was sent\. Put one that may read it/,
    );
    await refused(
      pull("me/private", none),
      "not-found",
      /answers 401: the model is private, gated or not there.*HF_TOKEN/,
    );
    await refused(
      pull("me/private", { token: "hf_wrong" }),
      "not-found",
      /answers 401.*The token of the option token was sent\. Give one that may read it/,
    );
    assert.equal((await pull("me/private")).kind, "model");
    await refused(pull("me/none"), "not-found", /There is no repository at http\S+\/me\/none, or it is private/);
    await refused(pull("me/model", { revision: "v9" }), "not-found", /has no such branch, tag or commit/);
    await refused(
      pull("me/none", { offline: true }),
      "not-found",
      /me\/none at main is not in the cache.*the option offline is set/,
    );
    hub.add("me/empty");
    await refused(pull("me/empty"), "not-found", /has no config\.json at main/);
    hub.add("me/half", { files: { "adapter_config.json": Buffer.from("{}") } });
    await refused(
      pull("me/half"),
      "unsupported",
      /has adapter_config\.json, but neither adapter_model\.safetensors nor/,
    );
    const asked = hub.requests.length;
    for (const name of ["me/../it", "a/b/c", "./x", "me/it.git", "", "me/it--2"])
      await refused(pull(name), "bad-option", /pullFromHub: name must/);
    await refused(pull("me/it", { revision: "../x" }), "bad-option", /revision must name/);
    assert.equal(hub.requests.length, asked);
  }));

test("an adapter is fetched also if its base is a folder, an installed model or missing; a notice says why", () =>
  withPull(async ({ hub, pull }) => {
    const adapter = (base: unknown): Record<string, Buffer> => ({
      "adapter_config.json": Buffer.from(JSON.stringify({ base_model_name_or_path: base })),
      "adapter_model.bin": Buffer.from("weights"),
    });
    const noticesOf = async (base: unknown): Promise<string> => {
      hub.add("me/it", { files: adapter(base) });
      const pulled = await pull("me/it");
      assert.ok(pulled.kind === "adapter");
      return pulled.notices.join();
    };
    for (const base of ["/home/someone/bert", "../bert", null, 7])
      assert.match(await noticesOf(base), /which is not a name on the Hub: give your own copy of it \(--model\)/);
    assert.match(
      await noticesOf("sentence-transformers/all-MiniLM-L6-v2"),
      /is a model that set-up installed; it is not fetched/,
    );
    hub.add("me/it", { files: adapter("me/none") });
    await refused(
      pull("me/it"),
      "not-found",
      /The adapter is fetched, and its base me\/none is not\. There is no repository/,
    );
  }));

test("a signal stops a download, which is resumed later", () => {
  const stop = new AbortController();
  return withPull(
    async ({ hub, folder, pull }) => {
      const files = read(join(projectRoot(), "test", "fixtures", "tiny-distilbert"));
      hub.add("me/model", { files });
      await refused(pull("me/model", { signal: stop.signal }), "aborted", /Stopped\. The received part is kept/);
      assert.equal((await pull("me/model")).kind, "model");
      assert.ok(folder !== "");
    },
    {
      fault: ({ to, count }) => {
        if (to === "hub" || count > 1) return undefined;
        stop.abort();
        return { silent: true };
      },
    },
  );
});
