import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import type { Kernel } from "../../src/notebook/jupyter/kernel-client";
import { waitUntil } from "../base/wait-until";
import { contents, errorOf, execute, printed, sharedKernel, withKernel, type Answer } from "./kernel-client";

const SLEEP = "const sleep = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));";

const inKernel = sharedKernel();

/** Runs a cell, interrupts it once it has printed, and returns its answer. */
async function interrupted(kernel: Kernel, code: string): Promise<Answer> {
  const sent = execute(kernel, code);
  await sent.seen("stream");
  kernel.interrupt();
  return sent.answer;
}

/**
 * Returns whether a number that a loop would count up stays the same. The second look follows a hundred turns of the
 * kernel's own event loop, each of which the loop would have used.
 */
async function printedTwice(kernel: Kernel, name: string): Promise<boolean> {
  const print = `for (let turn = 0; turn < 100; turn++) await sleep(1);\nconsole.log(${name});`;
  const first = printed(await execute(kernel, print).answer);
  assert.match(first, /^\d+\n$/);
  return first === printed(await execute(kernel, print).answer);
}

test(
  "an interrupt ends a cell at any place, and the work that would follow",
  inKernel(async (kernel) => {
    await execute(kernel, `${SLEEP}\nlet ticks = 0;`).answer;
    for (const code of [
      "console.log('on'); for (;;);",
      "console.log('on'); await sleep(1); for (;;);",
      "console.log('on'); for (;;) { await sleep(1); ticks++; }",
      "console.log('on'); await sleep(1e6);",
      "async function loop() { for (;;) { await sleep(1); ticks++; } }\nconsole.log('on'); await loop();",
      "async function* numbers() { for (let n = 0; ; n++) { yield n; await sleep(1); } }\nconsole.log('on'); for await (const n of numbers()) ticks = n;",
    ]) {
      const { ename, stack } = errorOf(await interrupted(kernel, code));
      assert.equal(ename, "Interrupted", `${code}\n${stack}`);
      assert.equal(await printedTwice(kernel, "ticks"), true, `it continues: ${code}`);
    }
  }),
);

test(
  "an interrupted cell's finally blocks run, and queued cells are aborted",
  inKernel(async (kernel) => {
    await execute(kernel, SLEEP).answer;
    const first = execute(
      kernel,
      "async function* numbers() { try { for (let n = 0; ; n++) { yield n; await sleep(5); } } finally { console.log('closed'); } }\nconsole.log('on');\nfor await (const n of numbers()) void n;",
    );
    const second = execute(kernel, "1");
    await first.seen("stream");
    kernel.interrupt();
    assert.equal((await first.answer).reply.ename, "Interrupted");
    assert.equal((await second.answer).reply.status, "aborted");
    // The loop closes by its own asynchronous steps, which the reply need not wait for.
    const answered = await first.answer;
    await waitUntil(() => printed(answered).includes("closed"), { what: "the finally block ran" });
    assert.equal(printed(answered), "on\nclosed\n");
  }),
);

test(
  "code that listens for interrupts ends by itself, and the cell continues with its result; a second interrupt does not wait",
  inKernel(async (kernel) => {
    await execute(
      kernel,
      `${SLEEP}
async function work(after: number) {
  let asked = false;
  const note = () => void (asked = true);
  process.on("SIGINT", note);
  try {
    while (!asked) {
      for (const until = Date.now() + 400; Date.now() < until; ); // a training step
      await sleep(1);
    }
    await sleep(after);
    return "in order";
  } finally {
    process.off("SIGINT", note);
  }
}`,
    ).answer;
    const orderly = await interrupted(kernel, "console.log('on');\nconst how = await work(50);\nconsole.log(how);");
    assert.match(printed(orderly), /^on\nin order\n$/);
    assert.match(printed(orderly, "stderr"), /^Interrupted: the running work stops at its next step;.*\n$/);
    assert.deepEqual(contents(orderly, "display_data"), [], "nothing empty is left in the notebook");
    assert.deepEqual([orderly.reply.status, orderly.reply.ename], ["error", "Interrupted"]);
    assert.match(String(orderly.reply.evalue), /its variables are declared/);
    assert.equal(printed(await execute(kernel, "console.log(how)").answer), "in order\n");

    const next = await interrupted(
      kernel,
      "console.log('on');\nawait work(50);\nawait sleep(1e6);\nconsole.log('never');",
    );
    assert.deepEqual([printed(next), next.reply.ename], ["on\n", "Interrupted"]);

    const sent = execute(kernel, "console.log('on');\nawait work(1e6);");
    await sent.seen("stream");
    kernel.interrupt();
    await sent.seen("stream");
    kernel.interrupt();
    assert.equal((await sent.answer).reply.ename, "Interrupted");
    assert.equal(contents(await execute(kernel, "1").answer, "execute_result").length, 1);
  }),
);

test(
  "an interrupt while no cell runs does nothing",
  inKernel(async (kernel) => {
    // answered once handled: no cell ran until then
    await kernel.ask({ channel: "control", type: "interrupt_request", timeoutMs: 60_000 });
    assert.equal((await execute(kernel, "1").answer).reply.status, "ok");
    assert.equal((await execute(kernel, "await sleep(50); 1").answer).reply.status, "ok");
  }),
);

test(
  "an interrupt ends an evaluation itself, not only its await; also an evaluation after other awaited work",
  inKernel(async (kernel) => {
    const ready = await execute(
      kernel,
      `${SLEEP}
import { evaluate, loadClassifier } from "tslora";
const classifier = await loadClassifier("embedded", { labels: ["no", "yes"], seed: 1 });
const data = Array.from({ length: 2000 }, (_, i) => ({ text: "one", label: i % 2 }));
let passes = 0;
const options = { maxTokensPerPass: 16, onProgress: () => void (passes++ === 0 && console.log('on')) };`,
    ).answer;
    assert.equal(ready.reply.status, "ok", String(ready.reply.evalue));
    const listen =
      "console.log('on');\nawait (async () => { let asked = false; const note = () => void (asked = true); process.on('SIGINT', note); while (!asked) await sleep(1); process.off('SIGINT', note); })();";
    for (const before of ["", listen]) {
      const { ename, stack } = errorOf(
        await interrupted(
          kernel,
          `passes = 0;\n${before}\nawait evaluate(classifier, data, options);\nconsole.log('never');`,
        ),
      );
      assert.equal(ename, "Interrupted", stack);
      assert.equal(await printedTwice(kernel, "passes"), true, "it continues");
    }
    assert.equal(
      printed(
        await execute(kernel, "console.log((await evaluate(classifier, data.slice(0, 10))).predictions.length)").answer,
      ),
      "10\n",
    );
  }),
);

test("in a plain tslab an interrupt fails the cell at once; training stops at its step with a checkpoint, evaluation between passes", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tslora-plain-"));
  try {
    await withKernel(
      async (kernel) => {
        /** Asks until tslab answers: it drops what comes within 200 ms after a failed cell. */
        const settled = async (code: string): Promise<string> => {
          let answer: Answer | undefined;
          await waitUntil(
            async () => {
              answer = await execute(kernel, code).answer;
              return answer.reply.status === "ok";
            },
            { what: "tslab takes cells again" },
          );
          return answer === undefined ? "" : printed(answer);
        };
        const ready = `import { evaluate, loadClassifier, train } from "tslora";
const classifier = await loadClassifier("embedded", { labels: ["no", "yes"], seed: 1 });
classifier.addAdapter();
const data = Array.from({ length: 2000 }, (_, i) => ({ text: "one", label: i % 2 }));
const seen = globalThis as unknown as { passes: number; stopped?: boolean };
seen.passes = 0;`;
        assert.equal((await execute(kernel, ready).answer).reply.status, "ok");
        const training = await interrupted(
          kernel,
          `const run = async () => { for await (const event of train(classifier, { train: data, perDeviceTrainBatchSize: 2, outputDir: ${JSON.stringify(folder)} })) { if (event.type === "step" && event.step === 2) console.log("on"); if (event.type === "end") seen.stopped = event.stopped; } };\nawait run();`,
        );
        assert.equal(training.reply.status, "error");
        assert.match(printed(training, "stderr"), /Interrupted/);
        await waitUntil(async () => (await settled("console.log(seen.stopped)")) === "true\n", {
          what: "training has stopped",
        });
        assert.equal(readdirSync(folder).filter((name) => /^checkpoint-\d+$/.test(name)).length, 1);

        const evaluation = await interrupted(
          kernel,
          `await evaluate(classifier, data, { maxTokensPerPass: 16, onProgress: () => void (seen.passes++ === 3 && console.log("on")) });`,
        );
        assert.equal(evaluation.reply.status, "error");
        const look =
          "for (let turn = 0; turn < 100; turn++) await new Promise((done) => setTimeout(done, 1));\nconsole.log(seen.passes);";
        let passes = await settled(look);
        await waitUntil(async () => passes === (passes = await settled(look)), { what: "evaluation has stopped" });
      },
      { name: "tslab" },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
