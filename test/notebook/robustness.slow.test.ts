import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { Random } from "../../src/base/random";
import { parseNotebook } from "../../src/notebook/format/parse-notebook";
import { readNotebook } from "../../src/notebook/format/read-notebook";
import { saveNotebook } from "../../src/notebook/format/save-notebook";
import { runNotebook } from "../../src/notebook/run/run-notebook";
import { waitUntil } from "../base/wait-until";
import { isAlive, notebookOf, runToEnd } from "./notebooks";
import { oddNotebook, withOddKernel } from "./odd-kernel";

const temporary = mkdtempSync(join(tmpdir(), "tslora-robust-"));
process.env.TMPDIR = temporary;
after(() => rmSync(temporary, { recursive: true, force: true }));

const seed = Number(process.env.TSLORA_TEST_SEED ?? Date.now() % 2 ** 31);
const connectionFolders = (): string[] => readdirSync(temporary).filter((name) => name.startsWith("tslora-kernel-"));

/** Processes that were started by kernels of this file and still run. */
function leftProcesses(): string[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc").filter((pid) => {
    try {
      return (
        /^\d+$/.test(pid) &&
        readFileSync(`/proc/${pid}/environ`, "latin1").includes(`TSLORA_ROBUST=${process.pid}`) &&
        isAlive(Number(pid))
      );
    } catch {
      return false;
    }
  });
}

test(`a kernel killed with -9 at ten random moments leaves a valid notebook up to that cell, and nothing else (seed ${seed})`, () =>
  withOddKernel(async (folder) => {
    const random = new Random(seed);
    for (const kernel of ["odd", "tslab"]) {
      for (let round = 0; round < 5; round++) {
        const outputPath = join(folder, `${kernel}-${round}.ipynb`);
        const cells = Array.from({ length: 6 }, (_, cell) =>
          Array.from(
            { length: 40 },
            (_, line) =>
              [
                ["print", `${cell}.${line}\n`],
                ["wait", 3],
              ] as const,
          ).flat(),
        );
        const sources = cells.map(
          (_, cell) =>
            `import { spawn } from "child_process"; spawn("sleep", ["1000"], { detached: true }); for (let i = 0; i < 40; i++) { console.log("${cell}." + i); await new Promise((done) => setTimeout(done, 3)); }`,
        );
        const notebook = kernel === "odd" ? oddNotebook(cells) : notebookOf(sources);
        const after = random.uniform() * 600;
        let pid = -1;
        let ended: { status: string; done: number; cause: string } | undefined;
        for await (const event of runNotebook(notebook, {
          outputPath,
          cwd: folder,
          env: { TSLORA_ROBUST: String(process.pid) },
          cellTimeoutMs: 60_000,
        })) {
          if (event.event === "kernel-ready") {
            pid = event.pid ?? -1;
            setTimeout(() => isAlive(pid) && process.kill(pid, "SIGKILL"), after);
          }
          if (event.event !== "end") continue;
          const { status, cells: reports, failed } = event.summary;
          ended = {
            status,
            done: reports.filter(({ outcome }) => outcome.status === "ok").length,
            cause: failed?.outcome.status === "dead" ? failed.outcome.error.evalue : "",
          };
        }
        const where = `${kernel}, killed after ${after.toFixed(0)} ms`;
        assert.equal(ended?.status, "dead", where);
        assert.match(ended?.cause ?? "", /killed by signal SIGKILL/, where);
        const saved = await readNotebook(outputPath);
        assert.match(saved.cells[0].source, /This run failed/, where);
        const code = saved.cells.filter((cell) => cell.cell_type === "code");
        for (const cell of code.slice(0, ended?.done))
          assert.equal(
            JSON.stringify(cell.outputs).match(/\d\.\d+\\n/g)?.length,
            40,
            `${where}: a cell that ended is whole`,
          );
        assert.deepEqual([leftProcesses(), connectionFolders()], [[], []], where);
      }
    }
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.endsWith(".incomplete")),
      [],
    );
  }));

test("a hundred runs in a row leave no process and no file", () =>
  withOddKernel(async (folder) => {
    for (let round = 0; round < 100; round++) {
      const last = round % 4;
      const cells = [
        [["print", "a"], ["child"]] as const,
        last === 1
          ? ([["exit", 1]] as const)
          : last === 2
            ? ([["wait", 60_000]] as const)
            : ([["print", "b"]] as const),
      ];
      const options = {
        outputPath: join(folder, "out", `${round}.ipynb`),
        cwd: folder,
        env: { TSLORA_ROBUST: String(process.pid) },
        transport: round % 2 === 0 ? "tcp" : "ipc",
        graceMs: 500,
        ...(last === 2 && { cellTimeoutMs: 50 }),
      } as const;
      const { summary, pid } = await runToEnd(oddNotebook(cells), options);
      assert.equal(summary.status, last === 1 ? "dead" : last === 2 ? "timeout" : "ok");
      assert.ok(!isAlive(pid));
    }
    assert.deepEqual([leftProcesses(), connectionFolders()], [[], []]);
    assert.deepEqual(
      (await readdir(join(folder, "out"))).sort(),
      Array.from({ length: 100 }, (_, round) => `${round}.ipynb`).sort(),
    );
  }));

test(`a runner that is killed with -9 leaves a valid notebook, and its kernel ends (seed ${seed})`, () =>
  withOddKernel(async (folder) => {
    const random = new Random(seed + 1);
    const path = join(folder, "a.ipynb");
    await saveNotebook(
      notebookOf(Array.from({ length: 30 }, (_, cell) => `console.log(process.pid, ${cell}, "${"x".repeat(2000)}")`)),
      path,
    );
    for (let round = 0; round < 5; round++) {
      const outputPath = join(folder, `out-${round}`, "a.ipynb");
      const child = spawn(
        process.execPath,
        [join(__dirname, "..", "..", "src", "cli", "main.js"), "run", path, "-o", join(folder, `out-${round}`)],
        { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, TSLORA_ROBUST: String(process.pid) } },
      );
      let printed = "";
      let armed = false;
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        printed += text;
        if (armed || !/^\d+ 3 x/m.test(printed)) return;
        armed = true;
        const isSaved = (): boolean => existsSync(outputPath) && readFileSync(outputPath, "utf8").includes(" 0 xxx");
        void waitUntil(isSaved, { what: "a cell that ended is saved" }).then(() =>
          setTimeout(() => child.kill("SIGKILL"), random.uniform() * 300),
        );
      });
      await new Promise((done) => child.once("close", done));
      const saved = parseNotebook(await readFile(outputPath, "utf8"), outputPath);
      assert.ok(
        saved.cells.some((cell) => cell.cell_type === "code" && cell.outputs.length > 0),
        "cells that had ended are in the file",
      );
      const kernel = Number(/^(\d+) 0 x/m.exec(printed)?.[1]);
      assert.ok(kernel > 0);
      await waitUntil(() => !isAlive(kernel), { what: "the kernel has ended" });
    }
  }));
