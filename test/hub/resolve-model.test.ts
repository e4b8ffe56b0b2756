import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { inspect } from "node:util";

import { forgetHosts } from "../../src/base/http";
import { projectRoot } from "../../src/base/project-root";
import { TsloraError } from "../../src/base/tslora-error";
import { sharedOps } from "../../src/ops/shared-ops";
import { resolveModel, type ResolveModelOptions } from "../../src/hub/resolve-model";
import { loadClassificationModel } from "../../src/model/load-classification-model";
import { COMMIT, fakeHub, type FakeHub } from "./fake-hub";

const fixture = join(projectRoot(), "test", "fixtures", "tiny-distilbert");
const files = {
  "config.json": readFileSync(join(fixture, "config.json")),
  "model.safetensors": readFileSync(join(fixture, "model.safetensors")),
  "vocab.txt": Buffer.from("[PAD]\n[UNK]\n[CLS]\n[SEP]\n"),
};
delete process.env.TSLORA_MODEL;

async function withHub(
  body: (hub: FakeHub, options: ResolveModelOptions & { cacheDir: string }) => Promise<void>,
  faults: Parameters<typeof fakeHub>[1] = {},
  served: Readonly<Record<string, Buffer>> = files,
): Promise<void> {
  const hub = await fakeHub(served, faults);
  const cacheDir = await mkdtemp(join(tmpdir(), "tslora-hub-"));
  forgetHosts();
  try {
    await body(hub, { endpoint: hub.endpoint, cacheDir, token: "secret", offline: false });
  } finally {
    await hub.close();
    await rm(cacheDir, { recursive: true, force: true });
  }
}

/** Files under their final names, which a later start would treat as complete. */
const finished = (cacheDir: string, id: string): string[] => {
  const blobs = join(cacheDir, `models--${id.replace("/", "--")}`, "blobs");
  return existsSync(blobs) ? readdirSync(blobs).filter((name) => !name.endsWith(".incomplete")) : [];
};

test("a model is fetched once into the Hub's cache layout, and the token is sent only to the Hub", () =>
  withHub(async (hub, options) => {
    const found = await resolveModel("some/model", options);
    const folder = join(options.cacheDir, "models--some--model");
    assert.deepEqual(
      [found.id, found.origin.kind, found.directory],
      ["some/model", "hub", join(folder, "snapshots", COMMIT)],
    );
    assert.equal(await readFile(join(folder, "refs", "main"), "utf8"), COMMIT);
    for (const [name, bytes] of Object.entries(files))
      assert.deepEqual(await readFile(join(found.directory, name)), bytes);
    assert.deepEqual(hub.leaked, []);
    const ops = sharedOps();
    (await loadClassificationModel(found.directory, { ops, numLabels: 2, seed: 1 })).model.dispose();
    const asked = hub.requests.length;
    assert.equal((await resolveModel("some/model", { ...options, offline: true })).origin.kind, "cache");
    assert.equal(hub.requests.length, asked, "what is in the cache is not asked for again");
  }));

test("a snapshot without the needed configuration or tokenizer, as Python may leave it, is completed from the Hub", () =>
  withHub(async (_hub, options) => {
    const { directory } = await resolveModel("some/model", options);
    const offline = { ...options, offline: true };
    await rm(join(directory, "vocab.txt"));
    assert.equal((await resolveModel("some/model", offline)).origin.kind, "cache", "no tokenizer is needed");
    await assert.rejects(
      resolveModel("some/model", { ...offline, requireTokenizer: true }),
      /is not a whole model: the tokenizer is missing/,
    );
    assert.equal((await resolveModel("some/model", { ...options, requireTokenizer: true })).origin.kind, "hub");
    assert.deepEqual(await readFile(join(directory, "vocab.txt")), files["vocab.txt"]);
    await rm(join(directory, "config.json"));
    await assert.rejects(resolveModel("some/model", offline), /is not a whole model: config\.json is missing/);
    assert.equal((await resolveModel("some/model", options)).origin.kind, "hub");
    assert.equal((await resolveModel("some/model", { ...offline, requireTokenizer: true })).origin.kind, "cache");
  }));

test("a token that a header cannot hold is an error of its own, also for auto, and is not shown", () =>
  withHub(async (hub, options) => {
    for (const model of ["some/model", "auto"])
      await assert.rejects(
        resolveModel(model, { ...options, token: "hf_first\nhf_second", tokenFrom: "HF_TOKEN" }),
        (error: unknown) =>
          error instanceof TsloraError &&
          error.code === "bad-option" &&
          /The token of HF_TOKEN must be one word/.test(error.message) &&
          !/hf_first|hf_second/.test(inspect(error, { depth: 20, showHidden: true })),
      );
    assert.deepEqual(
      hub.requests.filter((request) => request.includes("resolve")),
      [],
    );
  }));

test("an interrupted download continues where it stopped", () => {
  const large = Buffer.alloc(8_000_000, "weights"); // more than a connection holds back
  return withHub(
    async (hub, options) => {
      const { directory } = await resolveModel("some/model", options);
      assert.ok((await readFile(join(directory, "model.safetensors"))).equals(large));
      assert.ok(
        hub.requests.some((request) => /^STORAGE GET \/model\.safetensors bytes=\d+-$/.test(request)),
        hub.requests.join("\n"),
      );
    },
    { cutFirst: true },
    { ...files, "model.safetensors": large },
  );
});

test("a file with another checksum than announced is refused, and leaves no file", () =>
  withHub(
    async (_hub, options) => {
      await assert.rejects(
        resolveModel("some/model", options),
        /model\.safetensors from 127\.0\.0\.1:\d+ is damaged or incomplete: its sha256 is/,
      );
      assert.equal(finished(options.cacheDir, "some/model").length, 2);
      await assert.rejects(resolveModel("some/model", { ...options, offline: true }), /is not requested from the Hub/);
    },
    { spoil: true },
  ));

test("a missing model, a gated one and one without safetensors have errors of their own", async () => {
  await withHub(
    async (_hub, options) => assert.rejects(resolveModel("no/model", options), /no config\.json at main/),
    {},
    {},
  );
  await withHub(
    async (_hub, options) =>
      assert.rejects(resolveModel("some/model", options), /answers 401: the model is private, gated or not there/),
    { status: 401 },
  );
  const only = (name: string, message: RegExp): Promise<void> =>
    withHub(
      async (_hub, options) => assert.rejects(resolveModel("some/model", options), message),
      {},
      { "config.json": files["config.json"], [name]: Buffer.from("x") },
    );
  await only(
    "README.md",
    /has none of model\.safetensors, .*pytorch_model\.bin\.index\.json: take a revision or a model that has them/,
  );
  await only("flax_model.msgpack", /its weights are Flax's weights \(flax_model\.msgpack\).*from_flax=True/);
  await only(
    "onnx/model.onnx",
    /its weights are an ONNX graph \(onnx\/model\.onnx\).*take the model that this one was exported from/,
  );
});

test("a repository with only pytorch_model.bin, whole or in parts, is fetched; safetensors are preferred", async () => {
  for (const name of ["tiny-bin", "tiny-bin-sharded"]) {
    const folder = join(projectRoot(), "test", "fixtures", name);
    const parts = Object.fromEntries(
      readdirSync(folder)
        .filter((file) => /^(config|pytorch_model)/.test(file))
        .map((file) => [file, readFileSync(join(folder, file))]),
    );
    const read = (parts: Readonly<Record<string, Buffer>>, notice: RegExp): Promise<void> =>
      withHub(
        async (_hub, options) => {
          const found = await resolveModel("some/model", options);
          assert.match(found.notice, notice);
          const ops = sharedOps();
          (await loadClassificationModel(found.directory, { ops, numLabels: 2, seed: 1 })).model.dispose();
          const again = await resolveModel("some/model", { ...options, offline: true });
          assert.equal(again.origin.kind, "cache");
          assert.match(again.notice, notice);
        },
        {},
        parts,
      );
    await read(parts, /Its weights are pytorch_model\.bin(\.index\.json)?, since it has no safetensors/);
    if (name === "tiny-bin")
      await read(
        {
          ...parts,
          "model.safetensors": readFileSync(join(projectRoot(), "test", "fixtures", "tiny-bert", "model.safetensors")),
        },
        /as requested\.$/,
      );
  }
});

test("a sharded model is fetched shard by shard, and is in the cache only if all shards are", async () => {
  const folder = join(projectRoot(), "test", "fixtures", "tiny-sharded");
  const parts = Object.fromEntries(
    readdirSync(folder)
      .filter((name) => /^(config|model)/.test(name))
      .map((name) => [name, readFileSync(join(folder, name))]),
  );
  const shards = Object.keys(parts).filter((name) => /-of-/.test(name));
  assert.ok(shards.length > 1);
  await withHub(
    async (_hub, options) => {
      const { directory } = await resolveModel("some/model", options);
      const ops = sharedOps();
      (await loadClassificationModel(directory, { ops, numLabels: 2, seed: 1 })).model.dispose();
      assert.equal((await resolveModel("some/model", { ...options, offline: true })).origin.kind, "cache");
      await rm(join(directory, shards[1]));
      await assert.rejects(resolveModel("some/model", { ...options, offline: true }), /is not requested from the Hub/);
      assert.equal((await resolveModel("some/model", options)).origin.kind, "hub");
    },
    {},
    parts,
  );
  await withHub(
    async (_hub, options) =>
      assert.rejects(resolveModel("some/model", options), new RegExp(`has no ${shards[0]}, which its model`)),
    {},
    Object.fromEntries(Object.entries(parts).filter(([name]) => name !== shards[0])),
  );
  const index = Buffer.from(JSON.stringify({ weight_map: { x: "../../evil.safetensors" } }));
  await withHub(
    async (_hub, options) =>
      assert.rejects(
        resolveModel("some/model", options),
        /the shard of "x" must be a \.safetensors file of the same folder; got "\.\.\/\.\.\/evil\.safetensors"/,
      ),
    {},
    { "config.json": files["config.json"], "model.safetensors.index.json": index },
  );
});

test("auto takes the study's model if the Hub has it, otherwise the embedded encoder, and gives the reason", async () => {
  await withHub(async (_hub, options) =>
    assert.match((await resolveModel("auto", options)).notice, /distilbert-base-uncased from http/),
  );
  forgetHosts();
  const cacheDir = await mkdtemp(join(tmpdir(), "tslora-hub-"));
  const dead = { endpoint: "http://127.0.0.1:9", cacheDir, offline: false };
  const found = await resolveModel("auto", dead);
  assert.equal(found.origin.kind, "installed");
  assert.match(
    found.notice,
    /embedded encoder.*distilbert-base-uncased is not available:.*127\.0\.0\.1:9 cannot be reached/,
  );
  await assert.rejects(
    resolveModel("distilbert-base-uncased", dead),
    /cannot be reached/,
    "a model asked for by name is never swapped",
  );
  assert.deepEqual((await resolveModel("embedded", dead)).origin, { kind: "installed", name: "embedded" });
  await rm(cacheDir, { recursive: true });
});

test("a folder is found from the working folder and from the clone; a missing one is an error", async () => {
  assert.equal((await resolveModel("test/fixtures/tiny-distilbert")).directory, fixture);
  assert.equal((await resolveModel(fixture)).origin.kind, "folder");
  await assert.rejects(resolveModel("./no-such-model"), /no-such-model was looked for at .* and nothing is there/);
});

test("mpnet is the model that set-up installs, or an error with the command that installs it", async () => {
  const folder = join(projectRoot(), ".tslora", "models", "all-mpnet-base-v2");
  if (existsSync(folder)) {
    const found = await resolveModel("mpnet");
    assert.deepEqual(
      [found.id, found.directory, found.origin],
      ["sentence-transformers/all-mpnet-base-v2", folder, { kind: "installed", name: "mpnet" }],
    );
  } else {
    await assert.rejects(resolveModel("mpnet"), (error: Error) => {
      assert.match(error.message, /^MPNet, all-mpnet-base-v2, must be at .*all-mpnet-base-v2/);
      assert.match(error.message, /Run `npm run setup -- mpnet`, which installs it\.$/);
      return true;
    });
  }
});

test("the embedded encoder's name on the Hub, which its adapters contain, is resolved without the Hub", () =>
  withHub(async (hub, options) => {
    const [byName, embedded] = [
      await resolveModel("sentence-transformers/all-MiniLM-L6-v2", options),
      await resolveModel("embedded", options),
    ];
    assert.deepEqual([byName.id, byName.directory, byName.origin], [embedded.id, embedded.directory, embedded.origin]);
    assert.match(
      byName.notice,
      /embedded encoder.* whose weights are those of sentence-transformers\/all-MiniLM-L6-v2, as requested/,
    );
    assert.deepEqual(hub.requests, []);
    await assert.rejects(
      resolveModel("sentence-transformers/all-MiniLM-L6-v2", { ...options, offline: true, revision: "other" }),
      /is not in the cache/,
    );
  }));

test("all that a folder lacks is reported at once, weights first; a folder of a tokenizer alone is accepted on request", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tslora-folder-"));
  const put = (name: string): Promise<void> => writeFile(join(folder, name), "{}");
  const refuses = (pattern: RegExp, code: string, options: ResolveModelOptions = {}): Promise<void> =>
    assert.rejects(
      resolveModel(folder, options),
      (error: Error & { code?: string }) => pattern.test(error.message) && error.code === code,
      String(pattern),
    );
  try {
    await refuses(
      /config\.json is missing\n- the weights are missing: model\.safetensors.*\n- the tokenizer is missing/,
      "not-found",
    );
    await put("tf_model.h5");
    await put("config.json");
    await refuses(
      /- its weights are TensorFlow's weights \(tf_model\.h5\); tslora reads safetensors and pytorch_model\.bin: .*from_tf=True.*\n- the tokenizer is missing: tokenizer\.json, vocab\.txt/,
      "unsupported",
    );
    await put("vocab.txt");
    await put("flax_model.msgpack");
    await refuses(
      /not a whole model: its weights are TensorFlow's .* and Flax's weights \(flax_model\.msgpack\)/,
      "unsupported",
    );
    await put("pytorch_model.bin");
    assert.match(
      (await resolveModel(folder, { requireTokenizer: true })).notice,
      /Its weights are pytorch_model\.bin, since it has no safetensors; they are read without executing anything\./,
    );
    await put("model.safetensors");
    assert.doesNotMatch((await resolveModel(folder)).notice, /pytorch_model/);
    assert.equal((await resolveModel(folder, { requireTokenizer: true })).directory, folder);
    await rm(join(folder, "vocab.txt"));
    await put("vocab.json"); // half a tokenizer
    assert.equal((await resolveModel(folder)).directory, folder);
    await refuses(/not a whole model: the tokenizer is missing/, "not-found", { requireTokenizer: true });
    await rm(join(folder, "config.json"));
    await put("adapter_config.json");
    await refuses(/holds an adapter \(adapter_config\.json\), not a model.*--adapter/, "not-found");
    await assert.rejects(
      resolveModel(join(folder, "model.safetensors")),
      /A model must be a folder; .*model\.safetensors is a file/,
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("the error for an unknown name asks whether it is right; a path is not requested from the Hub", () =>
  withHub(
    async (hub, options) => {
      for (const path of [
        "./x",
        "../x",
        "/x/y",
        "~/no-such-model",
        "C:\\models\\bert",
        "D:/bert",
        "a/b/c",
        "models\\bert",
        ".",
      ]) {
        if (path === ".") continue; // the working folder is there
        await assert.rejects(resolveModel(path, options), /and nothing is there/, path);
      }
      assert.deepEqual(hub.requests, []);
      await assert.rejects(
        resolveModel("distilbert-base-uncasd", options),
        /Is the name right\?.*no folder of that name/,
      );
      await assert.rejects(
        resolveModel("distilbert-base-uncasd", { ...options, offline: true }),
        /the option offline is set\. Is the name right\?/,
      );
      await assert.rejects(
        resolveModel("distilbert-base-uncasd", { ...options, endpoint: "http://127.0.0.1:9" }),
        /cannot be reached .*Is the name right\?/,
      );
    },
    {},
    {},
  ));

test("~ is the home folder", async () => {
  const home = await mkdtemp(join(tmpdir(), "tslora-home-"));
  const before = process.env.HOME;
  process.env.HOME = home;
  try {
    await cp(fixture, join(home, "bert"), { recursive: true });
    assert.equal((await resolveModel("~/bert")).directory, join(home, "bert"));
    process.env.TSLORA_MODEL = "~/bert";
    assert.equal((await resolveModel("auto")).directory, join(home, "bert"));
  } finally {
    delete process.env.TSLORA_MODEL;
    if (before === undefined) delete process.env.HOME;
    else process.env.HOME = before;
    await rm(home, { recursive: true });
  }
});
