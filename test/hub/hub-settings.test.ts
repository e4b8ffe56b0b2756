import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { inspect } from "node:util";
import { test } from "node:test";

import { TsloraError } from "../../src/base/tslora-error";
import { hubSettings } from "../../src/hub/hub-settings";
import { pullFromHub } from "../../src/hub/pull-from-hub";
import { pushToHub } from "../../src/hub/push/push-to-hub";
import { resolveModel } from "../../src/hub/resolve-model";
import { ADAPTER, CANARY, folderOf } from "./push-folders";

/** Expects that a call refuses the endpoint, and that the error holds the secret nowhere. */
async function refused(call: Promise<unknown>): Promise<void> {
  const error: unknown = await call.then(
    () => assert.fail("the endpoint must be refused"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof TsloraError, inspect(error));
  assert.equal(error.code, "bad-option");
  assert.match(error.message, /HF_ENDPOINT must be an address .* without a name, a password and a query/);
  for (const shown of [error.stack, inspect(error, { depth: 20, showHidden: true }), JSON.stringify(error.details)])
    assert.doesNotMatch(shown ?? "", new RegExp(CANARY));
}

test("an endpoint with a secret is refused by push, pull and resolveModel, and no error shows the secret", async () => {
  const folder = await folderOf(ADAPTER);
  const before = process.env.HF_ENDPOINT;
  const callAll = async (options: { readonly endpoint?: string }): Promise<void> => {
    const all = { cacheDir: folder, token: "hf_other", offline: false, ...options };
    await refused(pushToHub({ directory: folder, repoId: "me/it", ...all }));
    await refused(pullFromHub("me/it", all));
    await refused(resolveModel("me/it", all));
  };
  try {
    for (const endpoint of [
      `https://user:${CANARY}@mirror.invalid`,
      `https://${CANARY}@mirror.invalid/`,
      `https://mirror.invalid/?token=${CANARY}`,
      `https://mirror.invalid/#${CANARY}`,
      `nonsense ${CANARY}`,
    ])
      await callAll({ endpoint });
    process.env.HF_ENDPOINT = `https://user:${CANARY}@mirror.invalid`;
    await callAll({});
  } finally {
    if (before === undefined) delete process.env.HF_ENDPOINT;
    else process.env.HF_ENDPOINT = before;
    await rm(folder, { recursive: true, force: true });
  }
});

test("an endpoint may have a port and a path; slashes at its end are left out", () => {
  assert.equal(hubSettings({ endpoint: "http://127.0.0.1:8080/hub//" }).endpoint, "http://127.0.0.1:8080/hub");
});

/** Runs an action with these variables of the environment; undefined unsets one. */
async function withVariables(
  variables: Readonly<Record<string, string | undefined>>,
  act: () => Promise<void> | void,
): Promise<void> {
  const before = { ...process.env };
  const set = (name: string, value: string | undefined): void => {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  };
  for (const [name, value] of Object.entries(variables)) set(name, value);
  try {
    await act();
  } finally {
    for (const name of Object.keys(variables)) set(name, before[name]);
  }
}

test("the cache has its older variable too, which HF_HUB_CACHE precedes", async () => {
  const cacheOf = async (HF_HUB_CACHE?: string, HUGGINGFACE_HUB_CACHE?: string): Promise<string> => {
    let found = "";
    const variables = { HF_HOME: "/home", HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE };
    await withVariables(variables, () => void (found = hubSettings().cacheDir));
    return found;
  };
  assert.equal(await cacheOf(), "/home/hub");
  assert.equal(await cacheOf(undefined, "/older"), "/older");
  assert.equal(await cacheOf("/newer", "/older"), "/newer");
  assert.equal(await cacheOf("", "/older"), "/older");
});

test("TRANSFORMERS_OFFLINE counts where HF_HUB_OFFLINE is unset, and messages name the one that counts", async () => {
  const offline = async (HF_HUB_OFFLINE?: string, TRANSFORMERS_OFFLINE?: string): Promise<boolean> => {
    let found = false;
    await withVariables({ HF_HUB_OFFLINE, TRANSFORMERS_OFFLINE }, () => void (found = hubSettings().offline));
    return found;
  };
  assert.equal(await offline(), false);
  assert.equal(await offline(undefined, "1"), true);
  assert.equal(await offline("", "YES"), true);
  assert.equal(await offline("0", "1"), false);
  assert.equal(await offline("1", "0"), true);
  const folder = await folderOf(ADAPTER);
  const all = { cacheDir: folder, token: "hf_other", endpoint: "http://127.0.0.1:9" };
  try {
    await withVariables({ HF_HUB_OFFLINE: undefined, TRANSFORMERS_OFFLINE: "1" }, async () => {
      const why = { message: /TRANSFORMERS_OFFLINE is set/ };
      await assert.rejects(resolveModel("me/none", all), why);
      await assert.rejects(pullFromHub("me/none", all), why);
      await assert.rejects(pushToHub({ directory: folder, repoId: "me/it", ...all }), why);
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
