import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, test } from "node:test";

import { TsloraError } from "../../src/base/tslora-error";
import { readNotebook } from "../../src/notebook/format/read-notebook";
import { findKernelSpec } from "../../src/notebook/jupyter/find-kernelspec";
import { startKernel } from "../../src/notebook/jupyter/kernel-client";
import type { RunEvent, RunSummary } from "../../src/notebook/run/run-events";
import { runNotebook } from "../../src/notebook/run/run-notebook";
import { waitUntil } from "../base/wait-until";
import { codeCells, isAlive, printed, runToEnd } from "./notebooks";
import { oddNotebook, withOddKernel, type OddStep } from "./odd-kernel";

const temporary = mkdtempSync(join(tmpdir(), "tslora-odd-"));
process.env.TMPDIR = temporary;
after(() => rmSync(temporary, { recursive: true, force: true }));
afterEach(() =>
  assert.deepEqual(
    readdirSync(temporary).filter((name) => name.startsWith("tslora-kernel-")),
    [],
    "no connection file is left",
  ),
);

const outcomes = (summary: RunSummary): unknown[] =>
  summary.cells.map(({ outcome }) => ("error" in outcome ? outcome.error.ename : outcome.status));

test("a kernel that asks for input although it may not is refused at once", () =>
  withOddKernel(async () => {
    const { summary, pid } = await runToEnd(
      oddNotebook([
        [
          ["print", "before"],
          ["ask", "Your name? "],
          ["print", "never"],
        ],
        [["print", "never"]],
      ]),
    );
    assert.deepEqual(outcomes(summary), ["InputRefused", "skipped"]);
    assert.match(
      (summary.failed?.outcome as { error: { evalue: string } }).error.evalue,
      /asks for input \("Your name\?"\)/,
    );
    assert.equal(printed(codeCells(summary)[0]), "before");
    assert.ok(!isAlive(pid));
  }));

test("messages without the kernel's signature or without a request are not outputs; an error may be only in the reply", () =>
  withOddKernel(async () => {
    const { summary, events } = await runToEnd(
      oddNotebook([
        [
          ["forge", "forged"],
          ["stray", "stray"],
          ["print", "own"],
        ],
        [["fail", "OddError"]],
        [["print", "never"]],
      ]),
    );
    const [first, second] = codeCells(summary);
    assert.equal(printed(first), "own");
    assert.deepEqual(second.outputs, [
      {
        output_type: "error",
        ename: "OddError",
        evalue: "only in the reply",
        traceback: ["OddError: only in the reply"],
      },
    ]);
    assert.ok(events.some((event) => event.event === "kernel-log" && event.text.includes("wrong signature")));
  }));

test("a run removes its listeners from the signal, and can be stopped while its kernel starts", () =>
  withOddKernel(async () => {
    const running = new AbortController();
    await runToEnd(oddNotebook([[["print", "a"]], [["print", "b"]]]), { signal: running.signal });
    assert.deepEqual(getEventListeners(running.signal, "abort"), []);
    const run = runNotebook(oddNotebook([[["print", "never"]]]), { signal: running.signal });
    assert.ok((await run.next()).done !== true); // the event that the kernel is starting
    const next = run.next();
    running.abort();
    await assert.rejects(next, (error: unknown) => error instanceof TsloraError && error.code === "aborted");
    assert.deepEqual(getEventListeners(running.signal, "abort"), []);
  }));

test("the first request is repeated if the kernel missed it", () =>
  withOddKernel(async () => {
    const { summary } = await runToEnd(oddNotebook([[["print", "heard"]]]), { env: { ODD_DEAF: "1" } });
    assert.equal(printed(codeCells(summary)[0]), "heard");
  }));

test("a lost idle status is detected by the next one", () =>
  withOddKernel(async () => {
    const { summary } = await runToEnd(oddNotebook([[["print", "a"], ["never-idle"]], [["print", "b"]]]));
    assert.deepEqual(
      codeCells(summary).map((cell) => printed(cell)),
      ["a", "b"],
    );
  }));

test("a cell that the kernel ends without a reply has failed, and the run does not wait for it", () =>
  withOddKernel(async () => {
    const cells = oddNotebook([[["print", "a"], ["never-reply"]], [["print", "b"]]]);
    const { summary } = await runToEnd(cells, { onError: "continue" });
    assert.deepEqual(outcomes(summary), ["NoReplyError", "ok"]);
    assert.deepEqual(
      codeCells(summary).map((cell) => printed(cell)),
      ["a", "b"],
    );
  }));

test("a run over IPC has the same outputs as over TCP, and leaves no socket file", () =>
  withOddKernel(async () => {
    const { summary, pid } = await runToEnd(oddNotebook([[["print", "over ipc"]], [["exit", 3]]]), {
      transport: "ipc",
    });
    assert.deepEqual(outcomes(summary), ["ok", "DeadKernelError"]);
    assert.equal(printed(codeCells(summary)[0]), "over ipc");
    assert.ok(!isAlive(pid));
  }));

test("a start that fails is repeated up to the given number, and reported", () =>
  withOddKernel(async (folder) => {
    const failures = join(folder, "failures");
    const env = { ODD_FAILED_STARTS: failures };
    await writeFile(failures, "2");
    const { summary, events } = await runToEnd(oddNotebook([[["print", "a"]]]), { env, startRetries: 2 });
    assert.equal(summary.status, "ok");
    assert.deepEqual(
      events.flatMap((event) => (event.event === "kernel-starting" ? [event.attempt] : [])),
      [1, 2, 3],
    );
    assert.match(
      events.flatMap((event) => (event.event === "note" ? [event.text] : []))[0],
      /exited with code 7[\s\S]*not this time[\s\S]*again \(1 of 2\)/,
    );
    await writeFile(failures, "2");
    await assert.rejects(runToEnd(oddNotebook([[["print", "a"]]]), { env, startRetries: 1 }), /exited with code 7/);
    await assert.rejects(runToEnd(oddNotebook([]), { startRetries: -1 }), /startRetries/);
  }));

test(
  "a child in its own session ends with the kernel, for every end of the kernel",
  { skip: process.platform !== "linux" },
  () =>
    withOddKernel(async () => {
      for (const last of [[], [["exit", 1]]] as OddStep[][]) {
        const { summary } = await runToEnd(oddNotebook([[["child"]], last]));
        const child = Number(printed(codeCells(summary)[0]));
        assert.ok(child > 0 && !isAlive(child), `after ${JSON.stringify(last)}`);
      }
    }),
);

test("while a cell runs, the file marks it and has its outputs so far; a break out of the loop saves the rest", () =>
  withOddKernel(async (folder) => {
    const outputPath = join(folder, "a.ipynb");
    const gate = join(folder, "gate");
    const isOnFile = async (): Promise<boolean> =>
      /"status": "running"[^]*so far|so far[^]*"status": "running"/.test(
        await readFile(outputPath, "utf8").catch(() => ""),
      );
    for await (const event of runNotebook(
      oddNotebook([
        [["print", "first"]],
        [
          ["print", "so far"],
          ["wait-for", gate],
          ["print", "x"],
          ["wait", 600_000],
        ],
        [],
      ]),
      { outputPath, cwd: folder },
    )) {
      if (event.event !== "output" || event.number !== 2) continue;
      if (event.message.content.text === "x") break;
      await waitUntil(isOnFile, { what: "the file has the running cell with its output" });
      await writeFile(gate, "");
    }
    const left = await readNotebook(outputPath);
    assert.deepEqual(
      left.cells.map((cell) => (cell.metadata.tslora as { status: string }).status),
      ["ok", "running", "pending"],
    );
    assert.match(JSON.stringify(left), /so farx/);
    assert.deepEqual(await readdir(folder), ["a.ipynb", "gate", "jupyter"]);
  }));

test("a working folder that is missing or a file is refused before the kernel starts", () =>
  withOddKernel(async (folder) => {
    await writeFile(join(folder, "file"), "");
    for (const [cwd, why] of [
      [join(folder, "file"), /working folder must be a folder; got .*file: it is a file\./],
      [join(folder, "missing"), /got .*missing: there is no such file or folder \(ENOENT\)\. Choose one with --cwd/],
    ] as const)
      await assert.rejects(
        runToEnd(oddNotebook([[["print", "a"]]]), { cwd }),
        (error: unknown) => error instanceof TsloraError && error.code === "bad-option" && why.test(error.message),
      );
  }));

test("a process that the system refuses to start is an error of the kernel", () =>
  withOddKernel(async (folder) => {
    await writeFile(join(folder, "file"), "");
    await assert.rejects(
      startKernel({ spec: findKernelSpec("odd"), cwd: join(folder, "file") }),
      (error: unknown) =>
        error instanceof TsloraError &&
        error.code === "kernel" &&
        /^The kernel odd .*could not be started/.test(error.message),
    );
  }));

test("an output path that cannot be written is refused before the kernel starts", () =>
  withOddKernel(async (folder) => {
    await writeFile(join(folder, "file"), "");
    await mkdir(join(folder, "folder.ipynb"));
    for (const outputPath of [join(folder, "file", "a.ipynb"), join(folder, "folder.ipynb")]) {
      const events: RunEvent[] = [];
      await assert.rejects(
        async () => {
          for await (const event of runNotebook(oddNotebook([[["print", "a"]]]), { outputPath, cwd: folder }))
            events.push(event);
        },
        (error: unknown) =>
          error instanceof TsloraError &&
          error.code === "bad-option" &&
          /(could not|cannot) be saved as/.test(error.message),
      );
      assert.deepEqual(events, []);
    }
  }));
