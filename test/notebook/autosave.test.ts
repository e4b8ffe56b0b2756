import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { readNotebook } from "../../src/notebook/format/read-notebook";
import { Autosave } from "../../src/notebook/run/autosave";
import { waitUntil } from "../base/wait-until";
import { notebookOf } from "./notebooks";

test("a save that fails again and again is reported once, until it succeeds or the reason is another", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "tslora-autosave-test-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, "a.ipynb");
  const failures: string[] = [];
  let [attempts, saved] = [0, 0];
  let fault: Error | undefined;
  const autosave = new Autosave({
    path,
    compose: () => {
      attempts++;
      if (fault !== undefined) throw fault;
      return notebookOf(["1"]);
    },
    onSaved: () => saved++,
    onFailed: (error) => failures.push(error.message),
    retryMs: 1,
  });
  /** Waits until two more attempts have ended: a third one begins after them. */
  const twoAttempts = (): Promise<void> => {
    const until = attempts + 3;
    return waitUntil(() => attempts >= until, { what: "the notebook is tried again", pauseMs: 1 });
  };
  await mkdir(path); // a folder has the file's name
  autosave.request();
  await twoAttempts();
  assert.equal(failures.length, 1);
  assert.match(failures[0], /EISDIR/);
  fault = new Error("another reason");
  await twoAttempts();
  assert.deepEqual(failures.slice(1), ["another reason"]);
  await rmdir(path);
  fault = undefined;
  await waitUntil(() => saved === 1, { what: "the notebook is saved" });
  fault = new Error("another reason");
  autosave.request();
  await twoAttempts();
  assert.deepEqual(failures.slice(1), ["another reason", "another reason"], "it had succeeded meanwhile");
  fault = undefined;
  await autosave.flush();
  assert.equal((await readNotebook(path)).cells.length, 1);
});
