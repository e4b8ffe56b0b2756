import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Writable } from "node:stream";
import { test } from "node:test";

import { gatherParameters } from "../../src/cli/command-options";
import { EXIT } from "../../src/cli/exit-codes";
import { expandNotebooks } from "../../src/cli/run/expand-notebooks";
import { runCli } from "../../src/cli/program";
import { FloatValue } from "../../src/notebook/parameters/parameter-value";
import { readNotebook } from "../../src/notebook/format/read-notebook";
import { saveNotebook } from "../../src/notebook/format/save-notebook";
import { notebookOf, withFolder, type CellText } from "../notebook/notebooks";
import { oddNotebook, withOddKernel } from "../notebook/odd-kernel";

async function cli(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const streams = { out: "", err: "" };
  const sink = (name: "out" | "err"): Writable =>
    new Writable({ write: (chunk: Buffer, _encoding, done) => ((streams[name] += chunk.toString()), done()) });
  const code = await runCli(args, { out: sink("out"), err: sink("err"), color: false, live: false });
  return { code, ...streams };
}

const save = (folder: string, name: string, cells: readonly CellText[]): Promise<void> =>
  saveNotebook(notebookOf(cells), join(folder, name));

test("parameters come from files, YAML, -p and -r, later ones take precedence, and typed values keep their type", () =>
  withFolder(async (folder) => {
    await writeFile(join(folder, "a.yaml"), "n: 1\ntext: '007'\nlist: [1, two]\nlate: file\nbig: 1e-5\n");
    await writeFile(join(folder, "b.json"), '{"n": 2, "flag": true}');
    const given = await gatherParameters({
      file: [join(folder, "a.yaml"), join(folder, "b.json")],
      yaml: ["{late: yaml, when: 2024-01-02}"],
      param: { late: "3" },
      raw: { text: "true" },
    });
    assert.deepEqual(given.parameters, {
      n: 2n,
      text: "true",
      list: [1n, "two"],
      late: "3",
      big: new FloatValue(1e-5),
      flag: true,
      when: "2024-01-02",
    });
    assert.deepEqual([...given.rawParameters].sort(), ["big", "flag", "list", "n", "text", "when"]);
    await writeFile(join(folder, "broken.yml"), "a: 1\nb: [1, 2");
    await assert.rejects(
      gatherParameters({ file: [join(folder, "broken.yml")] }),
      /broken\.yml is not valid YAML:[\s\S]*line 2/,
    );
    await assert.rejects(gatherParameters({ yaml: ["[1]"] }), /-y must hold one map/);
    await assert.rejects(gatherParameters({ yaml: ["[".repeat(50_000)] }), /-y is nested too deeply to be read/);
  }));

test("notebooks are named by file, folder or pattern, each once", () =>
  withFolder(async (folder) => {
    await mkdir(join(folder, "sub", ".ipynb_checkpoints"), { recursive: true });
    for (const name of ["b.ipynb", "a.ipynb", "a.txt", "sub/c.ipynb", "sub/.ipynb_checkpoints/c.ipynb"])
      await writeFile(join(folder, name), "");
    const found = (...patterns: string[]): string[] =>
      expandNotebooks(patterns.map((pattern) => join(folder, pattern))).map((path) => path.slice(folder.length + 1));
    assert.deepEqual(found("*.ipynb"), ["a.ipynb", "b.ipynb"]);
    assert.deepEqual(found("**/*.ipynb"), ["a.ipynb", "b.ipynb", "sub/c.ipynb"]);
    assert.deepEqual(
      found("{sub/c,[!a]}.ipynb", "b.ipynb", "missing.ipynb"),
      ["b.ipynb", "sub/c.ipynb", "b.ipynb", "missing.ipynb"].filter((name, at) => at !== 2 || name === "b.ipynb"),
    );
    assert.deepEqual(found("sub"), ["sub/c.ipynb"]);
    assert.deepEqual(found("**/**/**/c.ipynb"), ["sub/c.ipynb"]);
    assert.throws(() => found("nothing*.ipynb", "sub/.ipynb_checkpoints"), /no notebook matches .*nothing/);
    for (const name of ["run [1]", "run 1", "{sub,b}"]) {
      await mkdir(join(folder, name));
      await writeFile(join(folder, name, "d.ipynb"), "");
      await writeFile(join(folder, name, ".hidden.ipynb"), "");
      assert.deepEqual(found(name), [`${name}/d.ipynb`], "a folder's name is no pattern");
    }
  }));

test("several notebooks run at once; each is reported, and a failing one does not stop the others", () =>
  withFolder(async (folder) => {
    for (const name of ["a", "b", "c"])
      await save(folder, `${name}.ipynb`, name === "b" ? ["throw new Error('only b')"] : ["console.log(1)"]);
    const out = join(folder, "out");
    const streams = await cli(
      "run",
      join(folder, "*.ipynb"),
      "-o",
      out,
      "-j",
      "2",
      "--junit",
      join(out, "j.xml"),
      "--report-json",
      join(out, "r.json"),
      "--annotations",
    );
    assert.equal(streams.code, 1);
    assert.match(streams.err, /^b, cell 1 of 1: Error: only b$/m);
    assert.match(streams.out, /^ok +a: 1\/1 cells/m);
    assert.match(streams.out, /^error +b: 0\/1 cells/m);
    assert.match(streams.out, /^::error file=.*b\.ipynb,line=\d+,title=cell 1%3A Error::only b%0A/m);
    assert.deepEqual((await readdir(out)).sort(), ["a.ipynb", "b.ipynb", "c.ipynb", "j.xml", "r.json"]);
    const { runs } = JSON.parse(await readFile(join(out, "r.json"), "utf8")) as {
      runs: { notebook: string; status: string; cells: { memory?: { peak: number } }[] }[];
    };
    assert.deepEqual(
      runs.map(({ status }) => status),
      ["ok", "error", "ok"],
    );
    if (process.platform === "linux") assert.ok((runs[0].cells[0].memory?.peak ?? 0) > 1e6, "the memory of each cell");
    assert.equal((await readFile(join(out, "j.xml"), "utf8")).match(/<testsuite /g)?.length, 3);
  }));

test("--check reports outputs that differ from the saved ones, and nothing else", () =>
  withFolder(async (folder) => {
    await save(folder, "a.ipynb", [
      "console.log('loss', 0.5)",
      ["console.log(Math.random())", "check-ignore"],
      "console.log('in 0.1 s')",
    ]);
    assert.match(
      (await cli("run", join(folder, "a.ipynb"), "-o", join(folder, "out"), "--check", "-q")).err,
      /no saved outputs/,
    );
    await cli("run", join(folder, "a.ipynb"), "-o", folder, "-q");
    const same = await cli("run", join(folder, "a.ipynb"), "-o", join(folder, "out"), "--check", "-q");
    assert.equal(same.code, 0, same.err);
    assert.match(same.out, /outputs: as saved/);
    const saved = await readNotebook(join(folder, "a.ipynb"));
    const edited = {
      ...saved,
      cells: saved.cells.map((cell) => ({
        ...cell,
        source: cell.source.replace("0.5", "0.501").replace("0.1 s", "0.2 s"),
      })),
    };
    await saveNotebook(edited, join(folder, "a.ipynb"));
    const differs = await cli(
      "run",
      join(folder, "a.ipynb"),
      "-o",
      join(folder, "out"),
      "--check",
      "-q",
      "--ignore",
      "\\d\\.\\d s",
      "--junit",
      join(folder, "j.xml"),
    );
    assert.equal(differs.code, EXIT.outputsDiffer);
    const refused = await cli("run", join(folder, "a.ipynb"), "--check", "--ignore", "a(?=b)");
    assert.equal(refused.code, EXIT.badInput);
    assert.match(refused.err, /"a\(\?=b\)" must be a regular expression of RE2, without look-around/);
    assert.match(differs.err, /a, cell 1: stdout, line 1: expected "loss 0\.5", found "loss 0\.501"\n$/);
    assert.match(differs.out, /outputs: 1 cell differs/);
    assert.match(await readFile(join(folder, "j.xml"), "utf8"), /failures="1"[\s\S]*OutputsDiffer/);
    assert.equal(
      (
        await cli(
          "run",
          join(folder, "a.ipynb"),
          "-o",
          join(folder, "out"),
          "--check",
          "-q",
          "--ignore",
          "\\d\\.\\d s",
          "--rtol",
          "0.01",
        )
      ).code,
      0,
    );
  }));

test("a notebook that cannot run is in the reports", () =>
  withFolder(async (folder) => {
    await save(folder, "a.ipynb", ["1"]);
    const streams = await cli(
      "run",
      join(folder, "a.ipynb"),
      "-o",
      join(folder, "out"),
      "-k",
      "no-such-kernel",
      "--junit",
      join(folder, "j.xml"),
      "--report-json",
      join(folder, "r.json"),
      "--annotations",
    );
    assert.equal(streams.code, 2);
    assert.match(await readFile(join(folder, "j.xml"), "utf8"), /errors="1"[\s\S]*no kernel called/);
    assert.match(await readFile(join(folder, "r.json"), "utf8"), /"status": "not-run"/);
    assert.match(streams.out, /::error file=.*a\.ipynb,title=not run::There is no kernel/);
  }));

test("--watch runs a notebook again when it changes, and leaves no process after Ctrl-C", () =>
  withFolder(async (folder) => {
    const path = join(folder, "a.ipynb");
    await save(folder, "a.ipynb", ["console.log('first')"]);
    const child = spawn(
      process.execPath,
      [join(__dirname, "..", "..", "src", "cli", "main.js"), "run", path, "-o", join(folder, "out"), "--watch"],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    let printed = "";
    let step = 0;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
      if (step === 0 && /^first$[\s\S]*Watching/m.test(printed)) {
        step = 1;
        void save(folder, "a.ipynb", ["console.log('second')"]);
      } else if (step === 1 && /^second$[\s\S]*Watching/m.test(printed)) {
        step = 2;
        child.kill("SIGINT");
      }
    });
    assert.equal(await new Promise((done) => child.once("exit", done)), 0, printed);
    assert.equal(step, 2);
  }));

test("an error that comes after its cell's end is shown with the cell's number, for one notebook and for several", () =>
  withOddKernel(async (folder) => {
    const error = { ename: "Late", evalue: "after idle", traceback: ["Late: after idle", "  in a timer"] };
    const notebook = oddNotebook([[["later", ["error", error]]], [["wait", 300]]]);
    for (const name of ["a", "b"]) await saveNotebook(notebook, join(folder, `${name}.ipynb`));
    const out = join(folder, "out");
    const one = await cli("run", join(folder, "a.ipynb"), "-o", out);
    assert.equal(one.code, EXIT.cellFailed);
    assert.match(one.err, /^a, cell 1 of 2, after its end: Late: after idle\n {4}in a timer\n$/);
    const both = await cli("run", join(folder, "a.ipynb"), join(folder, "b.ipynb"), "-o", out, "-j", "2");
    assert.match(both.err, /^a, cell 1 of 2, after its end: Late: after idle$/m);
    assert.match(both.err, /^b, cell 1 of 2, after its end: Late: after idle$/m);
  }));
