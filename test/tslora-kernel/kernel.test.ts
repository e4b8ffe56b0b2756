import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { projectRoot } from "../../src/base/project-root";
import { writeConnectionFile } from "../../src/notebook/jupyter/connection";
import { findKernelSpec } from "../../src/notebook/jupyter/find-kernelspec";
import { waitUntil } from "../base/wait-until";
import { withGate } from "./gate";
import { contents, errorOf, execute, printed, send, sharedKernel, withKernel, type Answer } from "./kernel-client";

const inKernel = sharedKernel(join(projectRoot(), "notebooks"));
const types = ({ iopub }: Answer): string[] =>
  iopub.map(({ type, content }) => (type === "status" ? String(content.execution_state) : type));
const plain = (answer: Answer): unknown =>
  (contents(answer, "execute_result")[0]?.data as Record<string, unknown> | undefined)?.["text/plain"];

test(
  "cells, results and errors are reported as the protocol defines",
  inKernel(async (kernel) => {
    const sum = await execute(kernel, "const r = 3;\nconsole.log('on');\nr + 1").answer;
    assert.deepEqual(types(sum), ["busy", "execute_input", "stream", "execute_result", "idle"]);
    assert.deepEqual(contents(sum, "execute_input"), [
      { code: "const r = 3;\nconsole.log('on');\nr + 1", execution_count: 1 },
    ]);
    assert.deepEqual(contents(sum, "execute_result"), [
      { execution_count: 1, data: { "text/plain": "4" }, metadata: {} },
    ]);
    assert.deepEqual(sum.reply, { status: "ok", execution_count: 1, user_expressions: {}, payload: [] });
    assert.deepEqual(types(await execute(kernel, "undefined").answer), ["busy", "execute_input", "idle"]);

    const quiet = await execute(kernel, "console.log('unheard'); 5", { silent: true }).answer;
    assert.deepEqual([types(quiet), quiet.reply.execution_count], [["busy", "idle"], 2]);

    const thrown = await execute(
      kernel,
      "const q = { r };\nfunction boom(): never {\n  throw new RangeError(`bad ${q.r}`);\n}\nboom();",
    ).answer;
    const error = errorOf(thrown);
    assert.deepEqual([error.ename, error.evalue], ["RangeError", "bad 3"]);
    assert.match(
      error.stack,
      /^RangeError: bad 3\nIn \[3\], line 3:\n[^]*\n> 3 \| {3}throw new RangeError\(`bad \$\{q\.r\}`\);\n[^]*\n {4}at boom \(In \[3\], line 3, column 9\)\n {4}at In \[3\], line 5, column 1$/,
    );
    assert.deepEqual(
      [thrown.reply.status, thrown.reply.ename, thrown.reply.evalue, thrown.reply.traceback],
      ["error", "RangeError", "bad 3", contents(thrown, "error")[0].traceback],
    );
    assert.equal(contents(thrown, "stream").length, 0, "it is not printed as text");

    const inEarlier = await execute(
      kernel,
      "async function later(x: number) {\n  await 1;\n  if (x > 0) throw new Error('deep', { cause: new TypeError('why') });\n}",
    ).answer;
    assert.equal(inEarlier.reply.status, "ok");
    const stack = errorOf(await execute(kernel, "\nawait later(0);\nawait later(r);").answer).stack;
    assert.match(
      stack,
      /In \[4\], line 3:[^]*at later \(In \[4\], line 3, column \d+\)\n {4}at In \[5\], line 3, column 1\nCaused by: TypeError: why/,
    );

    const types_ = errorOf(await execute(kernel, "const x: number = 'a';\n({ r, zz });").answer);
    assert.equal(types_.ename, "TypeScriptError");
    assert.match(
      types_.stack,
      /In \[6\], line 1, column 7: Type 'string'[^]*In \[6\], line 2, column 7: Cannot find name 'zz'/,
    );
    assert.deepEqual(errorOf(await execute(kernel, "throw 'text'").answer).evalue, "text");

    const library = errorOf(
      await execute(kernel, "import * as tslora from 'tslora';\nawait tslora.loadCorpus('/nowhere');").answer,
    );
    assert.match(
      library.stack,
      /at findPath \(\.\/src\/corpus\/files\/load-path\.ts:\d+:\d+\)[^]*at In \[8\], line 2, column \d+$/,
    );
    assert.ok(!library.stack.includes(projectRoot()), "no path of this machine gets into a notebook");
  }),
);

test(
  "code that tslab cannot compile runs: shorthand names of earlier cells, a cell whose only await is a for await",
  inKernel(async (kernel) => {
    await execute(kernel, "const r = 3;\nlet s = 'x';").answer;
    assert.equal(plain(await execute(kernel, "({ r, t: { s }, u() { return { r } } }.u().r)").answer), "3");
    assert.equal(plain(await execute(kernel, "({ r, t: { s } })").answer), "{ r: 3, t: { s: 'x' } }");
    const each = await execute(
      kernel,
      "async function* three() { yield 1; yield 2; }\nfor await (const x of three()) console.log(x);",
    ).answer;
    assert.equal(printed(each), "1\n2\n");
    assert.equal(
      printed(await execute(kernel, "for await (const x of [Promise.resolve(7), 8]) console.log(x);").answer),
      "7\n8\n",
    );
    const kept =
      "const z = await (async () => (await Promise.all([1, Promise.resolve(2)])).map((n) => n + 1))();\ntry { await Promise.reject(new Error('no')); } catch (e) { console.log((e as Error).message, await z[0] + await 5); }";
    assert.equal(printed(await execute(kernel, kept).answer), "no 7\n");
    const complete = (await send(kernel, "complete_request", { code: "({ r }); s.toUpp", cursor_pos: 16 }).answer)
      .reply;
    assert.deepEqual(
      [complete.status, complete.matches, complete.cursor_start, complete.cursor_end],
      ["ok", ["toUpperCase"], 11, 16],
    );
    const inspect = (
      await send(kernel, "inspect_request", { code: "({ r }); s", cursor_pos: 10, detail_level: 0 }).answer
    ).reply;
    assert.match(JSON.stringify(inspect.data), /let s: string/);
  }),
);

test(
  "a thenable that works at each call of then, as a query builder does, is awaited once",
  inKernel(async (kernel) => {
    const query = "let runs = 0;\nconst query = { then(resolve: (run: number) => void) { resolve(++runs); } };";
    const ask = "async function ask() { return [await query]; }\n[...(await ask()), await query, runs].join()";
    assert.equal(plain(await execute(kernel, `${query}\n${ask}`).answer), "1,2,2");
  }),
);

test(
  "cells queued after a failed one are aborted, unless stop_on_error is false; later ones run",
  inKernel(async (kernel) => {
    let answers: readonly Answer[] = [];
    await withGate(async (gate) => {
      const failing = `${gate.wait}\nthrow new Error('no')`;
      const sent = ["1", `console.log('waits');\n${failing}`, "2", "3"].map((code) => execute(kernel, code));
      await sent[1].seen("stream"); // the others were sent with it, over the same socket
      gate.open();
      answers = await Promise.all(sent.map(({ answer }) => answer));
    });
    assert.deepEqual(
      answers.map(({ reply }) => reply.status),
      ["ok", "error", "aborted", "aborted"],
    );
    assert.deepEqual(types(answers[3]), ["busy", "idle"]);
    assert.equal(
      (await execute(kernel, "4").answer).reply.execution_count,
      Number(answers[1].reply.execution_count) + 1,
      "aborted cells do not count",
    );
    const on = await Promise.all([
      execute(kernel, "throw 1", { stop_on_error: false }).answer,
      execute(kernel, "5").answer,
    ]);
    assert.deepEqual(
      on.map(({ reply }) => reply.status),
      ["error", "ok"],
    );
  }),
);

test(
  "an unhandled error fails the running cell, or is shown under the last one if none runs",
  inKernel(async (kernel) => {
    const during = await execute(
      kernel,
      "void Promise.reject(new Error('nobody'));\nawait new Promise((done) => setTimeout(done, 50));",
    ).answer;
    assert.match(errorOf(during).stack, /^Error: nobody\n\(not awaited: [^]*In \[\d+\], line 1/);
    await withGate(async (gate) => {
      const sent = execute(kernel, `${gate.throwLater("late")}\n1`);
      const late = sent.seenLate("error");
      assert.equal((await sent.answer).reply.status, "ok");
      gate.open();
      assert.equal((await late).evalue, "late");
    });
    assert.equal((await execute(kernel, "2").answer).reply.status, "ok");
  }),
);

test(
  "results are shown as by show, or by their own display method",
  inKernel(async (kernel) => {
    const data = async (code: string): Promise<Record<string, string>[]> =>
      (await execute(kernel, code).answer).iopub.flatMap(({ type, content }) =>
        type === "execute_result" || type === "display_data" ? [content.data as Record<string, string>] : [],
      );
    const [frame] = await data(
      "import { frameTable, histogram } from '../src';\nimport * as danfo from 'danfojs-node';\nnew danfo.DataFrame([{ a: 1, b: 'x' }])",
    );
    assert.match(frame["text/html"], /<table class="dataframe">/);
    assert.match(frame["text/plain"], /^ +a +b\n/);
    const [figure, picture] = await data("histogram([1, 2, 2], { title: 'Some numbers', xLabel: 'x' })");
    assert.match(figure["text/html"], /tslora-figure/);
    assert.match(figure["text/plain"], /^Some numbers/);
    assert.match(picture["image/svg+xml"], /<svg/);
    const again = "histogram([1, 2, 2], { title: 'Some numbers', xLabel: 'x' })";
    const sizes = [(await data(`${again};`))[0], (await data(again))[0]].map((bundle) => bundle["text/html"].length);
    assert.ok(
      figure["text/html"].length > 5e5 && sizes[0] < 5e4 && sizes[1] > 5e5,
      "plotly.js comes once, and again when its cell runs again",
    );
    assert.deepEqual(await data("({ [Symbol.for('Jupyter.display')]: () => ({ 'text/markdown': '**own**' }) })"), [
      { "text/markdown": "**own**" },
    ]);
    assert.deepEqual(await data("({ kind: 'other', data: 1, layout: 2 })"), [
      { "text/plain": "{ kind: 'other', data: 1, layout: 2 }" },
    ]);
    assert.deepEqual(await data("'two\\nlines'"), [{ "text/plain": "two\nlines" }]);
  }),
);

test("the package is found from a folder outside the clone, and so are the clone's own dependencies", async () => {
  const cwd = await mkdtemp(join(tmpdir(), "tslora-kernel-test-"));
  try {
    await withKernel(
      async (kernel) => {
        const found = await execute(
          kernel,
          "import { frameTable } from 'tslora';\nimport { readFileSync } from 'node:fs';\nconst table: { kind: 'table' } = frameTable([{ a: 1 }]);\ntypeof readFileSync",
        ).answer;
        assert.equal(plain(found), "function");
        assert.match(
          errorOf(await execute(kernel, "import { x } from './none';").answer).evalue,
          /Cannot find module '\.\/none'/,
        );
      },
      { cwd },
    );
  } finally {
    await rm(cwd, { recursive: true, force: true });
  }
});

test("requests that tslab does not know are answered, and a kernel with timers running ends on request", async () => {
  let pid = -1;
  await withKernel(async (kernel) => {
    pid = kernel.pid ?? -1;
    assert.deepEqual((await send(kernel, "history_request", {}).answer).reply, { status: "ok", history: [] });
    assert.deepEqual((await send(kernel, "comm_info_request", {}).answer).reply, { status: "ok", comms: {} });
    assert.equal((await send(kernel, "odd_request", {}).answer).reply.status, "error");
    const opened = new Promise((resolve) =>
      kernel.request(
        { type: "comm_open", content: { comm_id: "c", target_name: "t", data: {} } },
        (event) => event.kind === "iopub" && event.message.header.msg_type === "comm_close" && resolve(undefined),
      ),
    );
    await opened;
    assert.equal((kernel.info.language_info as { version: string }).version, "5.0.4");
    await execute(kernel, "setInterval(() => 0, 1000)").answer;
    const reply = await kernel.ask({
      channel: "control",
      type: "shutdown_request",
      content: { restart: true },
      timeoutMs: 1000,
    });
    assert.deepEqual(reply?.content, { status: "ok", restart: true });
    assert.deepEqual(await kernel.exited, { code: 0, signal: null });
  });
  assert.throws(() => process.kill(pid, 0));
});

test("over IPC the kernel's sockets have Jupyter's names, with a hyphen, and all channels answer", async () => {
  const folders = (): string[] =>
    readdirSync(tmpdir()).filter((name) => name.startsWith("tslora-kernel-") && name.includes(`-${process.pid}-`));
  const before = folders(); // of this file's shared kernel
  const sockets = (): string[] =>
    folders()
      .filter((name) => !before.includes(name))
      .flatMap((name) => readdirSync(join(tmpdir(), name)))
      .sort();
  await withKernel(
    async (kernel) => {
      assert.equal(plain(await execute(kernel, "6 * 7").answer), "42");
      const sent = execute(kernel, "console.log('on'); for (;;);");
      await sent.seen("stream");
      kernel.interrupt();
      assert.equal((await sent.answer).reply.ename, "Interrupted");
      assert.deepEqual(
        sockets().filter((name) => name.startsWith("socket")),
        [1, 2, 3, 4, 5].map((n) => `socket-${n}`),
      );
      const now = performance.now();
      await waitUntil(() => performance.now() - kernel.silentMs > now, { what: "the heartbeat is answered" });
    },
    { transport: "ipc" },
  );
  assert.deepEqual(sockets(), []);
});

test("a kernel whose port is in use ends with an error", async () => {
  const taken = createServer();
  await once(taken.listen(0, "127.0.0.1"), "listening");
  const { port } = taken.address() as AddressInfo;
  try {
    const ends = (["shell_port", "control_port"] as const).map(async (name) => {
      const { connection, path, remove } = await writeConnectionFile("tslora");
      await writeFile(path, JSON.stringify({ ...connection, [name]: port }));
      const [program, ...args] = findKernelSpec("tslora").argv.map((arg) => arg.replace("{connection_file}", path));
      const kernel = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
      let stderrText = "";
      kernel.stderr.setEncoding("utf8").on("data", (text: string) => (stderrText += text));
      assert.deepEqual(await once(kernel, "close"), [1, null], name);
      assert.match(stderrText, /cannot open its sockets: Address already in use/, name);
      await remove();
    });
    await Promise.all(ends);
  } finally {
    taken.close();
  }
});
