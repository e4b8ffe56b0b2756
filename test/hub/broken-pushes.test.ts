import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inspect } from "node:util";
import { test } from "node:test";

import { TsloraError, type TsloraErrorCode } from "../../src/base/tslora-error";
import type { Fault, HubRequest } from "./hub-server";
import { ADAPTER, CANARY, content, withPush, type PushTest } from "./push-folders";

const sha = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

/** The requests of a first push, in order. */
const STAGES = {
  look: /GET .*\/revision\/main$/,
  create: /POST \/api\/repos\/create$/,
  compare: /POST .*\/paths-info\//,
  preupload: /POST .*\/preupload\//,
  batch: /POST .*\/objects\/batch$/,
  store: /PUT \/lfs\//,
  complete: /POST \/complete_multipart\//,
  commit: /POST .*\/commit\//,
} as const;
type StageName = keyof typeof STAGES;
const STAGE_NAMES = Object.keys(STAGES) as StageName[];

/** Makes the first requests of a stage fail, counted over all of its addresses. */
function failing(stage: StageName, fault: Fault, times = 1): (request: HubRequest) => Fault | undefined {
  let left = times;
  return ({ method, path }) => (STAGES[stage].test(`${method} ${path}`) && left-- > 0 ? fault : undefined);
}

/** Expects a push to fail, and the error to hold no token and no signature. */
async function fails(push: Promise<unknown>, code: TsloraErrorCode, message: RegExp): Promise<TsloraError> {
  const error: unknown = await push.then(
    () => assert.fail("the push must fail"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof TsloraError, inspect(error));
  assert.match(error.message, message);
  assert.equal(error.code, code);
  for (const shown of [
    error.message,
    error.stack,
    inspect(error, { depth: 20, showHidden: true }),
    JSON.stringify(error.details),
  ])
    assert.doesNotMatch(shown ?? "", new RegExp(`${CANARY}|X-Amz-Signature`));
  return error;
}

/** Expects that the repository holds the folder by exactly one commit. */
function expectPushed({ hub }: PushTest): void {
  assert.deepEqual(hub.files("me/it"), ADAPTER);
  assert.equal(hub.repositories.get("me/it")?.commits.length, 1);
  assert.deepEqual([hub.leaked, hub.mistakes], [[], []]);
}

for (const cut of ["before", "body", "after", "answer"] as const)
  test(`a connection that is cut (${cut}) at any stage is opened again, and there is one commit`, async () => {
    for (const stage of STAGE_NAMES) {
      if (cut === "body" && stage === "look") continue; // has none
      await withPush(
        async (all) => {
          const pushed = await all.push();
          assert.deepEqual([...pushed.changed].sort(), Object.keys(ADAPTER).sort(), stage);
          assert.deepEqual(pushed.sent, Object.keys(ADAPTER).sort(), stage);
          expectPushed(all);
        },
        { fault: failing(stage, { cut }), chunkSize: 70_000 },
      );
    }
  });

test("requests are repeated after 5xx, 408 and 429, after the time in Retry-After", async () => {
  for (const stage of STAGE_NAMES) {
    const cases = [
      [{ status: 429, headers: { "retry-after": "7" } }, [7000, 7000]],
      ...(stage === "commit" ? [] : [[{ status: 503 }, stage === "store" ? [500, 500] : [500, 1000]] as const]),
    ] as const;
    for (const [fault, expected] of cases)
      await withPush(
        async (all) => {
          await all.push();
          expectPushed(all);
          assert.deepEqual(all.waits, expected, stage);
        },
        { fault: failing(stage, fault, 2), chunkSize: 70_000 },
      );
  }
  const date = new Date(Date.now() + 60_000).toUTCString();
  await withPush(
    async (all) => {
      await all.push();
      assert.ok(all.waits[0] > 30_000 && all.waits[0] <= 60_000, String(all.waits[0]));
    },
    { fault: failing("batch", { status: 429, headers: { "retry-after": date } }) },
  );
});

test("if the answer to a commit is lost, the commit is repeated only if the Hub does not have it", async () => {
  for (const [works, status] of [
    [true, 500],
    [false, 500],
    [true, 504],
    [false, 502],
  ] as const)
    await withPush(
      async (all) => {
        const pushed = await all.push();
        expectPushed(all);
        assert.deepEqual(pushed.sent, Object.keys(ADAPTER).sort());
        assert.equal(all.hub.asked(STAGES.commit).length, works ? 1 : 2);
      },
      { fault: failing("commit", { status, works }) },
    );
  // a pull request would be opened twice
  await withPush(
    async ({ hub, push }) => {
      hub.add("me/it");
      await fails(
        push({ createPr: true }),
        "unreachable",
        /The answer to the commit was lost.*Look at http.*me\/it before/,
      );
      assert.equal(hub.asked(STAGES.commit).length, 1);
    },
    { fault: failing("commit", { cut: "after" }) },
  );
});

test("if another push commits first, the files are compared again and committed on top", () => {
  let overtaken = false;
  return withPush(
    async ({ hub, push, folder }) => {
      await push();
      await writeFile(join(folder, "README.md"), "# mine\n");
      overtaken = true;
      await push();
      assert.equal(hub.files("me/it")["README.md"].toString(), "# mine\n");
      assert.equal(hub.asked(STAGES.commit).length, 3);
    },
    {
      fault: ({ method, path }) => {
        if (!overtaken || !STAGES.commit.test(`${method} ${path}`)) return undefined;
        overtaken = false;
        return { status: 412, body: "{}", headers: { "content-type": "application/json" } };
      },
    },
  );
});

test("a push that fails each time is an error with advice, and the next push sends only the missing files", async () => {
  const cases: readonly (readonly [StageName, Fault, RegExp])[] = [
    ["look", { status: 500 }, /while asking what the repository holds, the server answers 500 again and again/i],
    ["batch", { cut: "before" }, /while asking where to store large files, the connection broke again and again/i],
    ["store", { status: 503 }, /storing a large file, \S+, the server answers 503 again and again. Push again later/],
    ["store", { status: 403, body: "<Error>expired X-Amz-Signature</Error>" }, /storage refuses \S+: it answers 403/],
    ["preupload", { status: 429, headers: { "retry-after": "3600" } }, /answers 429 .*Push again in 60 minutes/],
    ["commit", { status: 500 }, /answer to the commit was lost: the server answers 500/],
  ];
  for (const [stage, fault, message] of cases)
    await withPush(
      async ({ push, hub }) => {
        await fails(push(), "unreachable", message);
        assert.deepEqual(hub.files("me/it"), {});
      },
      { fault: failing(stage, fault, Infinity) },
    );
  let broken = true;
  await withPush(
    async (all) => {
      await fails(all.push(), "unreachable", /tokenizer\.json/);
      assert.equal(all.hub.stored.size, 1, "the weights are stored");
      broken = false;
      const asked = all.hub.requests.length;
      const pushed = await all.push();
      assert.deepEqual(pushed.sent, ["README.md", "adapter_config.json", "tokenizer.json"]);
      assert.equal(all.hub.requests.slice(asked).filter((line) => /PUT/.test(line)).length, 1);
      expectPushed(all);
    },
    {
      fault: ({ to, path, method }) => {
        const weights = path.endsWith(sha(ADAPTER["adapter_model.safetensors"]));
        return broken && to === "storage" && method === "PUT" && !weights ? { status: 500 } : undefined;
      },
    },
  );
});

test("errors for 401, 403, 404 and 409 name the token's source and advice; they do not show a token in the answer", async () => {
  const echo = { "content-type": "application/json" };
  const body = JSON.stringify({ error: `Bearer ${CANARY} may not do this` });
  const cases: readonly (readonly [StageName, Fault, TsloraErrorCode, RegExp])[] = [
    [
      "look",
      { status: 401, headers: echo, body },
      "bad-input",
      /does not accept the token .* The token of HF_X was sent.*"Bearer \*\*\* may not do this"/,
    ],
    [
      "create",
      { status: 403, headers: echo, body },
      "bad-input",
      /does not let the token write me\/it .*creating the repository/,
    ],
    ["commit", { status: 403, headers: echo, body }, "bad-input", /does not let the token write me\/it .*committing/],
    ["batch", { status: 404, headers: echo, body }, "not-found", /answers 404 while asking where to store large files/],
    [
      "commit",
      { status: 400, headers: { "x-error-message": `no ${CANARY}` } },
      "bad-input",
      /answers 400 while committing.*"no \*\*\*"/,
    ],
    [
      "preupload",
      { status: 200, headers: echo, body: "<html>" },
      "bad-input",
      /must answer as the Hub does; it does not/,
    ],
    ["preupload", { status: 200, headers: echo, body: "{}" }, "bad-input", /must answer as the Hub does; it does not/],
    ["look", { status: 200, headers: echo, body: '{"sha": "../x"}' }, "bad-input", /must answer as the Hub does/],
  ];
  for (const [stage, fault, code, message] of cases)
    await withPush(async ({ push }) => void (await fails(push({ tokenFrom: "HF_X" }), code, message)), {
      fault: failing(stage, fault, Infinity),
    });
  await withPush(
    async ({ push }) => void (await fails(push(), "bad-input", /name me\/it is taken by a repository .* may not see/)),
    {
      fault: ({ path, method }) =>
        path === "/api/repos/create" ? { status: 409 } : method === "GET" ? { status: 404 } : undefined,
    },
  );
  await withPush(
    async ({ push }) => void (await fails(push({ token: "hf_other" }), "bad-input", /does not accept the token/)),
  );
});

test("if one of several large files fails, the push ends", async () => {
  const error = { code: 422, message: "too large" };
  const many = Object.fromEntries(
    Array.from({ length: 8 }, (_, i) => [`onnx/model_${i}.onnx`, content(`graph ${i}`, 2000 + i)]),
  );
  await withPush(
    async ({ push, hub }) => {
      await fails(push(), "bad-input", /too large/);
      assert.deepEqual(hub.files("me/it"), {});
    },
    {
      files: { ...ADAPTER, ...many },
      fault: failing("batch", {
        status: 200,
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          transfer: "basic",
          objects: Object.values({
            ...many,
            w: ADAPTER["adapter_model.safetensors"],
            t: ADAPTER["tokenizer.json"],
          }).map((bytes) => ({ oid: sha(bytes), size: bytes.length, error })),
        }),
      }),
    },
  );
});

test("a redirect is followed only on the Hub's host, and the token is sent to no other host", async () => {
  await withPush(
    async (all) => {
      await all.push();
      expectPushed(all);
    },
    { fault: failing("look", { status: 307, headers: { location: "/api/models/me/it/revision/main" } }) },
  );
  for (const stage of ["look", "create", "commit"] as const)
    await withPush(
      async ({ push }) =>
        void (await fails(
          push(),
          "bad-input",
          /redirects to another host, 127\.0\.0\.1:9, where the token is not sent/,
        )),
      { fault: failing(stage, { status: 307, headers: { location: "http://127.0.0.1:9/x?X-Amz-Signature=1" } }) },
    );
  await withPush(async ({ push }) => void (await fails(push(), "bad-input", /redirects more than 5 times/)), {
    fault: failing("look", { status: 308, headers: { location: "/api/models/me/it/revision/main" } }, Infinity),
  });
});

test("a request without an answer ends after a time limit", () =>
  withPush(
    async ({ push }) => void (await fails(push({ idleMs: 20 }), "unreachable", /the connection broke again and again/)),
    {
      fault: failing("batch", { silent: true }, Infinity),
    },
  ));

test("a signal stops a push at any stage before the commit, and a commit is not stopped halfway", async () => {
  for (const stage of ["look", "create", "compare", "preupload", "batch", "store"] as const) {
    const stop = new AbortController();
    await withPush(
      async ({ push, hub }) => {
        await fails(push({ signal: stop.signal }), "aborted", /Stopped before the commit/);
        assert.deepEqual(hub.files("me/it"), {});
      },
      {
        fault: ({ method, path }) => {
          if (!STAGES[stage].test(`${method} ${path}`)) return undefined;
          stop.abort();
          return { silent: true };
        },
      },
    );
  }
  const late = new AbortController();
  await withPush(
    async (all) => {
      await all.push({ signal: late.signal });
      expectPushed(all);
    },
    { fault: ({ path }) => void (/\/commit\//.test(path) ? late.abort() : undefined) },
  );
  await withPush(async ({ push, hub }) => {
    await fails(push({ signal: AbortSignal.abort() }), "aborted", /Stopped/);
    assert.deepEqual(hub.requests, []);
  });
});

test("an error of onProgress stops the push before the commit, and is thrown as it is", async () => {
  for (const phase of ["reading", "sending", "committing"] as const)
    await withPush(
      async ({ push, hub }) => {
        const mistake = new Error(`mistake while ${phase}`);
        const onProgress = (progress: { readonly phase: string }): void => {
          if (progress.phase === phase) throw mistake;
        };
        await assert.rejects(push({ onProgress }), (error: unknown) => error === mistake);
        assert.deepEqual(hub.asked(STAGES.commit), []);
      },
      { chunkSize: 70_000 },
    );
});

test("a repository that is named as a call of the Hub is asked again after 5xx as any other", () =>
  withPush(
    async ({ push, hub, waits }) => {
      await push({ repoId: "me/commit" });
      assert.deepEqual(hub.files("me/commit"), ADAPTER);
      assert.deepEqual(waits, [500]);
    },
    { fault: failing("look", { status: 503 }) },
  ));

test("a file that changes while it is sent is not committed", () => {
  let write = (): Promise<void> => Promise.resolve();
  return withPush(async ({ push, hub, folder }) => {
    write = () => writeFile(join(folder, "README.md"), "# shorter\n");
    await fails(
      push({ onProgress: ({ phase }) => void (phase === "sending" ? write() : undefined) }),
      "bad-input",
      /README\.md changed while it was sent, so nothing was committed/,
    );
    assert.deepEqual(hub.files("me/it"), {});
  }, {});
});
