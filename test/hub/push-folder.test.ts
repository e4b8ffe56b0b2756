import assert from "node:assert/strict";
import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { TsloraError, type TsloraErrorCode } from "../../src/base/tslora-error";
import { hubSettings } from "../../src/hub/hub-settings";
import { preparePush } from "../../src/hub/push/prepare-push";
import { ADAPTER, CANARY, folderOf, withPush, type PushTest } from "./push-folders";

const names = Object.keys(ADAPTER).sort();

async function refused(
  { hub, push }: PushTest,
  options: Parameters<PushTest["push"]>[0],
  [code, message]: readonly [TsloraErrorCode, RegExp],
): Promise<void> {
  const error: unknown = await push(options).catch((reason: unknown) => reason);
  assert.ok(error instanceof TsloraError, String(error));
  assert.match(error.message, message);
  assert.equal(error.code, code);
  assert.deepEqual(hub.requests, [], "nothing is requested");
}

test("an invalid target, token or setting is refused before any request", () =>
  withPush(async (all) => {
    for (const repoId of [
      "it",
      "me/it/more",
      "me/it.git",
      "me/-it",
      "me/it--2",
      "me/..",
      "me/it?x",
      `me/${"x".repeat(100)}`,
      "me/ä",
    ])
      await refused(all, { repoId }, ["bad-option", /pushToHub: repoId must/]);
    for (const revision of ["../main", "/x", "a b", "x.lock", "a..b", ""])
      await refused(all, { revision }, ["bad-option", /revision must name a branch/]);
    await refused(all, { commitMessage: " " }, ["bad-option", /commitMessage must be a text/]);
    await refused(all, { token: "" }, [
      "bad-option",
      /a token is needed\. No token was sent\. Put one that may write it .*HF_TOKEN/,
    ]);
    await refused(all, { token: "hf_a\nhf_b" }, ["bad-option", /The token of the option token must be one word/]);
    await refused(all, { offline: true }, ["bad-option", /the option offline is set, so nothing is sent/]);
    for (const endpoint of ["ftp://x", "nonsense", "https://me:secret@host"])
      await refused(all, { endpoint }, ["bad-option", /HF_ENDPOINT must be an address/]);
    await refused(all, { directory: join(all.folder, "none") }, ["not-found", /cannot be read/]);
  }));

test("a folder without complete weights is refused; for a run's folder, the message names the adapter's folder in it", () =>
  withPush(async (all) => {
    const empty = await folderOf({});
    await refused(all, { directory: empty }, ["bad-input", /must hold adapter_config\.json .*it holds nothing/]);
    await mkdir(join(empty, "adapter"));
    await writeFile(join(empty, "adapter", "adapter_config.json"), "{}");
    await refused(all, { directory: empty }, ["bad-input", /it holds adapter\/\. Give \S+\/adapter\./]);
    const index = '{"weight_map": {"a": "model-00001-of-00002.safetensors"}}';
    const cut = await folderOf({
      "config.json": Buffer.from("{}"),
      "model.safetensors.index.json": Buffer.from(index),
    });
    await refused(all, { directory: cut }, ["bad-input", /lacks "model-00001-of-00002\.safetensors"/]);
    await Promise.all([empty, cut].map((folder) => rm(folder, { recursive: true })));
  }));

test("checkpoints, optimizer states, logs and other files are not pushed; links are followed only within the folder", () =>
  withPush(
    async ({ hub, push, folder }) => {
      const pushed = await push();
      assert.deepEqual(Object.keys(hub.files("me/it")), names);
      assert.deepEqual(pushed.notSent, [
        ".env",
        "checkpoint-5/",
        "logs/",
        "notes.txt",
        "optimizer.safetensors",
        "training_args.json",
      ]);
      // a link within the folder
      await rename(join(folder, "README.md"), join(folder, "notes.md"));
      await symlink("notes.md", join(folder, "README.md"));
      assert.deepEqual((await push()).changed, []);
      // as Kubernetes mounts a volume: through a folder whose name begins with dots
      await rm(join(folder, "README.md"));
      await mkdir(join(folder, "..data"));
      await rename(join(folder, "notes.md"), join(folder, "..data", "README.md"));
      await symlink(join("..data", "README.md"), join(folder, "README.md"));
      assert.deepEqual((await push()).changed, []);
      // links out of it: the file of another user, or a whole cache
      const outside = await folderOf({ "README.md": Buffer.from("secret") });
      await rm(join(folder, "README.md"));
      for (const target of [join(outside, "README.md"), "/etc/passwd", "missing"]) {
        await symlink(target, join(folder, "README.md"));
        await assert.rejects(
          push(),
          /"README\.md" must be in the folder; got a link that leads out of it, or to nothing/,
        );
        await rm(join(folder, "README.md"));
      }
      assert.deepEqual(hub.files("me/it")["README.md"], ADAPTER["README.md"]);
      await mkdir(join(folder, "README.md"));
      assert.ok((await push()).notSent.includes("README.md/"));
      await rm(outside, { recursive: true });
    },
    {
      files: {
        ...ADAPTER,
        "optimizer.safetensors": Buffer.from("x"),
        "training_args.json": Buffer.from("{}"),
        "notes.txt": Buffer.from("x"),
        ".env": Buffer.from(CANARY),
        "checkpoint-5/adapter_model.safetensors": Buffer.from("x"),
        "logs/events": Buffer.from("x"),
      },
    },
  ));

test("a dry run needs no token and lists what is missing for readers", async () => {
  const others = Object.fromEntries(Object.entries(ADAPTER).filter(([name]) => name !== "README.md"));
  const folder = await folderOf({
    ...others,
    "adapter_config.json": Buffer.from('{"base_model_name_or_path": "/home/me/bert"}'),
  });
  const push = await preparePush({ directory: folder, repoId: "me/it", createPr: true });
  assert.deepEqual(
    [push.kind, push.revision, push.createPr, push.commitMessage],
    ["adapter", "main", true, "Upload with tslora"],
  );
  assert.equal(push.notices.length, 2);
  assert.match(
    push.notices.join("\n"),
    /no README\.md.*\n.*names its base "\/home\/me\/bert", which is not a name on the Hub/,
  );
  await rm(folder, { recursive: true });
});

test("the token is that of HF_TOKEN, of its older name, or of the file that `hf auth login` writes", async () => {
  const folder = await folderOf({ token: Buffer.from(` ${CANARY}\n`), other: Buffer.from("hf_other") });
  const variables = ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH", "HF_HOME"] as const;
  const before = variables.map((name) => [name, process.env[name]] as const);
  const found = (env: Partial<Record<(typeof variables)[number], string>>): readonly unknown[] => {
    for (const name of variables) delete process.env[name];
    Object.assign(process.env, env);
    const { token, tokenFrom } = hubSettings();
    return [token, tokenFrom];
  };
  try {
    assert.deepEqual(found({ HF_HOME: folder }), [CANARY, `the file ${join(folder, "token")}`]);
    assert.deepEqual(found({ HF_HOME: folder, HF_TOKEN_PATH: join(folder, "other") })[0], "hf_other");
    assert.deepEqual(found({ HF_HOME: folder, HUGGING_FACE_HUB_TOKEN: "hf_old" }), [
      "hf_old",
      "HUGGING_FACE_HUB_TOKEN",
    ]);
    assert.deepEqual(found({ HF_HOME: folder, HUGGING_FACE_HUB_TOKEN: "hf_old", HF_TOKEN: "hf_new " }), [
      "hf_new",
      "HF_TOKEN",
    ]);
    assert.deepEqual(found({ HF_HOME: join(folder, "none"), HF_TOKEN: " " }), [undefined, undefined]);
  } finally {
    found(Object.fromEntries(before.filter(([, value]) => value !== undefined)));
    await rm(folder, { recursive: true });
  }
});
