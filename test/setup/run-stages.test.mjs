// @ts-check
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { locateProcess } from "../../src/setup/tools/locate-process.mjs";
import { pendingStages, runStages } from "../../src/setup/tools/run-stages.mjs";
import { logOf, makeFolder, recordProgress, startScript, waitUntil } from "./workbench.mjs";

/** @typedef {import("../../src/setup/tools/run-stages.mjs").Stage} Stage */

const lock = { adopt: () => undefined, release: () => undefined };
const { AbortController } = globalThis;

/**
 * A stage that writes its key into a folder.
 * @param {string} name @param {Partial<Stage>} [changes] @returns {Stage}
 */
function makeStage(name, changes = {}) {
  const key = changes.key ?? (() => "1");
  return {
    name,
    title: `Part ${name}`,
    place: `made/${name}`,
    needs: [],
    bytes: 0,
    key,
    async make({ staging }) {
      mkdirSync(join(staging, "result"));
      writeFileSync(join(staging, "result", "file"), key());
      return join(staging, "result");
    },
    ...changes,
  };
}

/** @param {readonly Stage[]} stages @param {string} root */
async function run(stages, root, signal = new AbortController().signal) {
  const { lines, progress } = recordProgress();
  await runStages(stages, { root, progress, lock, signal });
  return lines;
}

/** @param {string} root @param {string} name */
const made = (root, name) => readFileSync(join(root, "made", name, "file"), "utf8");

test("a stage that is up to date is skipped", async (t) => {
  const root = makeFolder(t);
  const stages = [makeStage("a"), makeStage("b")];
  const lines = await run(stages, root);
  assert.deepEqual(lines.slice(0, 2), ["begin Part a", "begin Part b"]);
  assert.deepEqual(
    lines.slice(2, 4).map((line) => line.replace(/[ab]$/, "*")),
    ["end 1/2 Part *", "end 2/2 Part *"],
  ); // either is first
  assert.deepEqual(lines.slice(4), ["sum of 2"]);
  assert.deepEqual(await run(stages, root), []);
  assert.equal(made(root, "b"), "1");
  assert.equal(existsSync(join(root, ".tslora", "staging")), false);
});

test("a stage runs again, with those that depend on it, if its key changed or its result is missing or incomplete", async (t) => {
  const root = makeFolder(t);
  let key = "1";
  let whole = true;
  const stages = [
    makeStage("a", { key: () => key, isWhole: () => whole }),
    makeStage("b", { after: ["a"] }),
    makeStage("c"),
  ];
  const pending = () => pendingStages(stages, root).map(({ name }) => name);
  await run(stages, root);
  assert.deepEqual(pending(), []);
  key = "2";
  assert.deepEqual(pending(), ["a", "b"]);
  await run(stages, root);
  assert.equal(made(root, "a"), "2");
  whole = false;
  assert.deepEqual(pending(), ["a", "b"]);
  whole = true;
  rmSync(join(root, "made", "c"), { recursive: true });
  assert.deepEqual(pending(), ["c"]);
});

test("a result of another key is used if the stage accepts it", async (t) => {
  const root = makeFolder(t);
  await run([makeStage("a", { key: () => "with GPU" })], root);
  const cpu = { key: () => "without", accepts: (/** @type {string} */ doneKey) => doneKey === "with GPU" };
  assert.deepEqual(pendingStages([makeStage("a", cpu)], root), []);
});

test("a stage that fails leaves the former result, no marker, and no temporary files", async (t) => {
  const root = makeFolder(t);
  await run([makeStage("a")], root);
  const failing = makeStage("a", {
    key: () => "2",
    async make({ staging }) {
      writeFileSync(join(staging, "half"), "");
      throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    },
  });
  await assert.rejects(run([failing], root), {
    name: "SetUpError",
    message: /^Part a: ENOSPC.*\nThe disk is full\. Free some space/s,
  });
  assert.equal(made(root, "a"), "1");
  assert.deepEqual(pendingStages([failing], root), [failing]);
  assert.equal(existsSync(join(root, ".tslora", "staging")), false);
});

test("Ctrl-C ends the processes of a stage, and leaves no temporary files", async (t) => {
  const root = makeFolder(t);
  const ending = new AbortController();
  const stage = makeStage("a", {
    async make(work) {
      writeFileSync(join(work.staging, "half"), "");
      const mark = join(root, "running");
      const script = `require("fs").writeFileSync(${JSON.stringify(mark)}, ""); setInterval(() => {}, 1000)`;
      void waitUntil(() => existsSync(mark), "the command runs").then(() => ending.abort(new Error("ended")));
      await work.run([process.execPath, "-e", script]);
      return join(work.staging, "half");
    },
  });
  await assert.rejects(run([stage], root, ending.signal), /^Error: ended$/);
  assert.equal(existsSync(join(root, "made")), false);
  assert.equal(existsSync(join(root, ".tslora", "staging")), false);
});

for (const moment of ["while it is made", "when it is in place, but not marked"]) {
  test(`a run killed ${moment} is not counted as done, and runs again`, async (t) => {
    const root = makeFolder(t);
    const { child, ended } = await startScript(
      t,
      `
      import fs from "node:fs";
      import { syncBuiltinESMExports } from "node:module";
      const { mkdirSync, renameSync, writeFileSync } = fs;
      if (${JSON.stringify(moment)} !== "while it is made") {
        fs.renameSync = (from, to) => { renameSync(from, to); if (to.endsWith("made/a")) { fs.writeSync(1, "now\\n"); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); } };
        syncBuiltinESMExports();
      }
      const { runStages } = await setup("tools/run-stages");
      const stage = { name: "a", title: "a", place: "made/a", needs: [], bytes: 0, key: () => "1", async make({ staging }) {
        mkdirSync(staging + "/result");
        writeFileSync(staging + "/result/file", "half");
        if (${JSON.stringify(moment)} === "while it is made") { fs.writeSync(1, "now\\n"); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); }
        return staging + "/result";
      } };
      const progress = { begin: () => ({ say() {}, end() {}, remove() {} }), note() {}, sum() {} };
      await runStages([stage], { root: ${JSON.stringify(root)}, progress, lock: { adopt() {}, release() {} }, signal: new AbortController().signal });
    `,
    );
    child.kill("SIGKILL");
    await ended;
    assert.equal(existsSync(join(root, ".tslora", "staging")), true, "the killed run left something");
    assert.equal(pendingStages([makeStage("a")], root).length, 1);
    await run([makeStage("a")], root);
    assert.equal(made(root, "a"), "1");
    assert.equal(existsSync(join(root, ".tslora", "staging")), false);
  });
}

test("independent stages run at the same time, and dependent ones in turn", async (t) => {
  const root = makeFolder(t);
  /** @type {string[]} */
  const order = [];
  /** @type {(value?: unknown) => void} */
  let second = () => undefined;
  const secondBegan = new Promise((resolve) => {
    second = resolve;
  });
  /** @param {string} name @param {() => Promise<unknown>} wait @param {Partial<Stage>} [changes] */
  const noted = (name, wait, changes) =>
    makeStage(name, {
      ...changes,
      async make(work) {
        order.push(`${name} begins`);
        await wait();
        order.push(`${name} ends`);
        return makeStage(name).make(work);
      },
    });
  await run(
    [
      noted("a", () => secondBegan), // ends only if b begins meanwhile
      noted("b", async () => second()),
      noted("c", async () => undefined, { after: ["a", "b"] }),
    ],
    root,
  );
  assert.ok(
    order.indexOf("c begins") > order.indexOf("a ends") && order.indexOf("c begins") > order.indexOf("b ends"),
    order.join(),
  );
});

test("the first stage that fails ends the others, and is reported", async (t) => {
  const root = makeFolder(t);
  /** @type {number[]} */
  const pids = [];
  /** @type {(value?: unknown) => void} */
  let started = () => undefined;
  const isStarted = new Promise((resolve) => {
    started = resolve;
  });
  const stages = [
    makeStage("long", {
      async make(work) {
        const running = work.run([process.execPath, "-e", "setInterval(() => {}, 1000)"]);
        started();
        await running;
        return work.staging;
      },
    }),
    makeStage("broken", {
      make: async () => {
        await isStarted;
        throw new Error("it is broken");
      },
    }),
    makeStage("later", { after: ["broken"], make: async () => assert.fail("it builds on the broken one") }),
  ];
  const { lines, progress } = recordProgress();
  await assert.rejects(
    runStages(stages, {
      root,
      progress,
      lock: { ...lock, adopt: (pid) => void pids.push(pid) },
      signal: new AbortController().signal,
    }),
    (error) => {
      assert.ok(error instanceof Error);
      assert.match(error.message, /^Part broken: it is broken\./);
      assert.doesNotMatch(error.message, /Part long|Part later/);
      return true;
    },
  );
  assert.equal(pids.length, 1);
  assert.equal(locateProcess(pids[0] ?? 0), undefined, "what the other stage ran is ended");
  assert.deepEqual(
    lines.filter((line) => /^end|sum/.test(line)),
    [],
  );
  assert.equal(existsSync(join(root, "made")), false);
  assert.equal(existsSync(join(root, ".tslora", "staging")), false);
  assert.deepEqual(pendingStages(stages, root).length, 3);
});

test("results made before another stage failed are kept", async (t) => {
  const root = makeFolder(t);
  const stages = [
    makeStage("a"),
    makeStage("b", {
      after: ["a"],
      make: async () => {
        throw new Error("no");
      },
    }),
  ];
  await assert.rejects(run(stages, root), /Part b: no/);
  assert.equal(made(root, "a"), "1");
  assert.deepEqual(
    pendingStages(stages, root).map(({ name }) => name),
    ["b"],
  );
});

test("Ctrl-C ends the processes of all stages", async (t) => {
  const root = makeFolder(t);
  const ending = new AbortController();
  /** @type {number[]} */
  const pids = [];
  const adopt = (/** @type {number} */ pid) => {
    pids.push(pid);
    if (pids.length === 4) ending.abort(new Error("ended"));
  };
  const endless = [process.execPath, "-e", "setInterval(() => {}, 1000)"];
  const stages = [
    makeStage("a", {
      make: async (work) => {
        await work.run(endless);
        return work.staging;
      },
    }),
    makeStage("b", {
      make: async (work) => {
        await work.run(endless);
        return work.staging;
      },
    }),
    makeStage("c", {
      make: async (work) => {
        await work.runAll([endless, endless]);
        return work.staging;
      },
    }),
  ];
  await assert.rejects(
    runStages(stages, { root, progress: recordProgress().progress, lock: { ...lock, adopt }, signal: ending.signal }),
    /^Error: ended$/,
  );
  assert.deepEqual(pids.map(locateProcess), [undefined, undefined, undefined, undefined]);
  assert.equal(existsSync(join(root, ".tslora", "staging")), false);
});

test("all commands of a list are run, and the stage fails if one fails", async (t) => {
  const root = makeFolder(t);
  const write = (/** @type {string} */ path) => [
    process.execPath,
    "-e",
    `require("fs").writeFileSync(${JSON.stringify(path)}, "")`,
  ];
  const many = makeStage("many", {
    async make(work) {
      await work.runAll(Array.from({ length: 9 }, (_, index) => write(join(work.staging, `${index}`))));
      return work.staging;
    },
  });
  await run([many], root);
  assert.equal(readdirSync(join(root, "made", "many")).length, 9);
  const failing = makeStage("failing", {
    async make(work) {
      await work.runAll([
        write(join(work.staging, "a")),
        [process.execPath, "-e", "console.error('line 3: no such type'); process.exit(1)"],
      ]);
      return work.staging;
    },
  });
  await assert.rejects(run([failing], root), /^SetUpError: Part failing: .*exit code 1\.\n {2}line 3: no such type/);
  const others = makeStage("others", {
    async make(work) {
      const endless = [process.execPath, "-e", "setInterval(() => {}, 1000)"];
      await work.runAll([endless, [process.execPath, "-e", "process.exit(7)"], endless]);
      return work.staging;
    },
  });
  await assert.rejects(run([others], root), /exit code 7/); // and the endless ones have been ended
});

test("NODE_DEBUG=tslora:setup logs why a stage runs, and each command", async (t) => {
  const root = makeFolder(t);
  const code = `
    const { pendingStages } = await setup("tools/run-stages");
    const { runCommand } = await setup("tools/run-command");
    pendingStages([{ name: "part", place: "made/part", key: () => "1" }], ${JSON.stringify(root)});
    await runCommand([process.execPath, "--version"]);`;
  const log = await logOf(code, "tslora:setup");
  assert.match(log, /TSLORA:SETUP \d+: part is made: it has no marker/);
  assert.match(log, /TSLORA:SETUP \d+: \S+ --version in /);
  assert.match(log, /process \d+: exit code 0/);
});
