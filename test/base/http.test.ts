import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import { test } from "node:test";

import { forgetHosts, httpFetch } from "../../src/base/http";
import { TsloraError } from "../../src/base/tslora-error";
import { address, closeAll, listen } from "../hub/servers";

const isUnreachable = (error: unknown): boolean => error instanceof TsloraError && error.code === "unreachable";

test("a host that could not be reached is checked again; one that could is checked once", async () => {
  forgetHosts();
  const gone = await listen(() => undefined);
  const url = address(gone);
  await closeAll([gone]);
  const first = await Promise.allSettled([httpFetch(url), httpFetch(url)]);
  for (const outcome of first) assert.ok(outcome.status === "rejected" && isUnreachable(outcome.reason));
  const asked: string[] = [];
  const back = createServer((request, response) => (asked.push(request.method ?? ""), response.end("here")));
  await new Promise<Server>((done) => back.listen(Number(new URL(url).port), "127.0.0.1", () => done(back)));
  try {
    for (let i = 0; i < 2; i++) assert.equal(await (await httpFetch(url)).text(), "here");
    assert.deepEqual(asked, ["HEAD", "GET", "GET"]);
  } finally {
    await closeAll([back]);
  }
});
