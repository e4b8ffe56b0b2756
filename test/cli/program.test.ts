import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Writable } from "node:stream";
import { test } from "node:test";

import { runCli } from "../../src/cli/program";
import { readNotebook } from "../../src/notebook/format/read-notebook";
import { saveNotebook } from "../../src/notebook/format/save-notebook";
import { waitUntil } from "../base/wait-until";
import { isAlive, notebookOf, withFolder, type CellText } from "../notebook/notebooks";

interface Printed {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function cli(...args: string[]): Promise<Printed> {
  const streams = { out: "", err: "" };
  const sink = (name: "out" | "err"): Writable =>
    new Writable({ write: (chunk: Buffer, _encoding, done) => ((streams[name] += chunk.toString()), done()) });
  const code = await runCli(args, { out: sink("out"), err: sink("err"), color: false, live: false });
  return { code, ...streams };
}

async function withNotebook(
  cells: readonly CellText[],
  work: (path: string, folder: string) => Promise<void>,
): Promise<void> {
  await withFolder(async (folder) => {
    const path = join(folder, "a.ipynb");
    await saveNotebook(notebookOf(cells), path);
    await work(path, folder);
  });
}

test("a run prints cells, outputs and a summary, and leaves copy, page and reports", () =>
  withNotebook([["const n = 1; // a number", "parameters"], "console.log('n is', n)"], async (path, folder) => {
    const out = join(folder, "out");
    const streams = await cli(
      "run",
      path,
      "-o",
      out,
      "-p",
      "n=2",
      "--html",
      "--report-json",
      join(out, "r.json"),
      "--junit",
      join(out, "j.xml"),
    );
    assert.equal(streams.code, 0, streams.err);
    assert.match(
      streams.out,
      /\[a 3\/3\] console\.log\('n is', n\)\nn is 2\n\[a 3\/3\] ok .*\n.*notebook.*status[\s\S]*a\.ipynb +ok +3\/3 cells/,
    );
    assert.deepEqual((await readdir(out)).sort(), ["a.html", "a.ipynb", "j.xml", "r.json"]);
    assert.match(await readFile(join(out, "a.html"), "utf8"), /n is 2/);
    assert.match(await readFile(join(out, "j.xml"), "utf8"), /<testsuite name=".*" tests="3" failures="0"/);
    const { runs } = JSON.parse(await readFile(join(out, "r.json"), "utf8")) as {
      runs: { status: string; cells: unknown[] }[];
    };
    assert.deepEqual([runs[0].status, runs[0].cells.length], ["ok", 3]);
    const source = await readNotebook(path);
    assert.equal(source.cells.length, 2, "the source is unchanged");
  }));

test("a failed cell is reported with its number, lines and stack, even when quiet, and the reports hold it", () =>
  withNotebook(
    ["console.log('chatter')", "const a = 1;\nthrow new Error('broken & <odd>');", "3"],
    async (path, folder) => {
      const streams = await cli("run", path, "--quiet", "-o", join(folder, "out"), "--junit", join(folder, "j.xml"));
      assert.equal(streams.code, 1);
      assert.doesNotMatch(streams.out, /chatter/);
      assert.match(
        streams.err,
        /^a, cell 2 of 3: Error: broken & <odd>\n {4}1 \| const a = 1;\n {2}> 2 \| throw[\s\S]*at cell 2, line 2, column 7/,
      );
      assert.match(streams.out, /a\.ipynb +error +cell 2 +1\/3 cells/);
      assert.match(
        await readFile(join(folder, "j.xml"), "utf8"),
        /failures="1" errors="0" skipped="1"[\s\S]*message="broken &amp; &lt;odd&gt;"/,
      );
    },
  ));

test("a time limit and a dead kernel have their own exit codes", () =>
  withNotebook(["await new Promise(() => setInterval(() => 0, 1000))"], async (path, folder) => {
    const late = await cli("run", path, "-o", join(folder, "out"), "--cell-timeout", "1s");
    assert.equal(late.code, 3);
    assert.match(late.err, /CellTimeoutError: The cell was not done after 1 s/);
    await saveNotebook(notebookOf(["process.abort()"]), path);
    const dead = await cli("run", path, "-o", join(folder, "out"));
    assert.equal(dead.code, 4);
    assert.match(dead.err, /DeadKernelError: The kernel ended while the cell ran: killed by signal SIGABRT/);
  }));

test("wrong usage and bad input end with code 2 before anything is written", () =>
  withNotebook([['const mode: "a" | "b" = "a";', "parameters"], "mode"], async (path, folder) => {
    const out = join(folder, "out");
    await writeFile(join(folder, "broken.ipynb"), "{");
    for (const [args, expected] of [
      [["run"], /missing required argument 'notebooks'/],
      [["run", path, "--frobnicate"], /unknown option/],
      [["frobnicate"], /unknown command/],
      [["run", path, "-p", "mode"], /must be name=value/],
      [["run", path, "--timeout", "soon"], /must be a time/],
      [["run", path, "-p", "mode=c", "-p", "other=1"], /mode must be "a" \| "b"; got "c"[\s\S]*no parameter "other"/],
      [["run", join(folder, "none.ipynb")], /does not exist/],
      [["run", path, join(folder, "broken.ipynb")], /line 1, column 2/],
      [["run", path, "-f", join(folder, "none.json")], /parameter file/],
      [["study", "-p", "mode=a", "-o", out], /01-study|no parameter "mode"/],
    ] as const) {
      const streams = await cli(...args, ...(args[0] === "run" && args.length > 1 ? ["-o", out] : []));
      assert.equal(streams.code, 2, `${args.join(" ")}: ${streams.err}`);
      assert.match(streams.err, expected);
    }
    assert.ok(!existsSync(out));
    const inspected = await cli("run", path, "--inspect");
    const ignored = await cli("run", path, "--inspect", "-p", "n=1");
    assert.match(ignored.err, /--inspect lists parameters and sets none; got -p/);
    assert.match(inspected.out, /mode: "a" \| "b" = "a"/);
    assert.equal((await cli("--help")).code, 0);
    assert.equal((await cli("--version")).code, 0);
  }));

test("check-notebooks names each problem with its place", () =>
  withNotebook(["const a: number = 'x';"], async (path) => {
    const streams = await cli("check-notebooks", path);
    assert.equal(streams.code, 1);
    assert.match(streams.err, /a\.ipynb, cell 1, line 1, column 7: Type 'string' is not assignable/);
  }));

test("Ctrl-C interrupts the cell, saves a readable notebook and leaves no process", () =>
  withNotebook(
    [
      "console.log('kernel', process.pid)",
      "console.log('waiting'); await new Promise(() => setInterval(() => 0, 1000))",
      "never()",
    ],
    async (path, folder) => {
      const out = join(folder, "out");
      const child = spawn(
        process.execPath,
        [join(__dirname, "..", "..", "src", "cli", "main.js"), "run", path, "-o", out],
        { stdio: ["ignore", "pipe", "pipe"] },
      );
      let printed = "";
      let interrupted = false;
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding("utf8").on("data", (text: string) => {
          printed += text;
          if (!interrupted && /^waiting$/m.test(printed)) interrupted = child.kill("SIGINT");
        });
      }
      const code = await new Promise((done) => child.once("close", done));
      assert.equal(code, 130, printed);
      assert.match(printed, /Stopping/);
      const kernel = Number(/kernel (\d+)/.exec(printed)?.[1]);
      assert.ok(kernel > 0 && !isAlive(kernel));
      assert.match((await readNotebook(join(out, "a.ipynb"))).cells[0].source, /This run failed/);
      assert.deepEqual(await readdir(out), ["a.ipynb"]);
    },
  ));

test("a kernel ends by itself when its runner is killed by SIGKILL", () =>
  withNotebook(
    ["console.log('kernel', process.pid)", "await new Promise(() => setInterval(() => 0, 1000))"],
    async (path, folder) => {
      const child = spawn(
        process.execPath,
        [join(__dirname, "..", "..", "src", "cli", "main.js"), "run", path, "-o", join(folder, "out")],
        { stdio: ["ignore", "pipe", "inherit"] },
      );
      let printed = "";
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        printed += text;
        if (/^kernel \d+$/m.test(printed)) child.kill("SIGKILL");
      });
      await new Promise((done) => child.once("exit", done));
      const kernel = Number(/^kernel (\d+)$/m.exec(printed)?.[1]);
      assert.ok(kernel > 0);
      await waitUntil(() => !isAlive(kernel), { what: "the kernel has ended" });
    },
  ));
