// @ts-check
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { answerFromHelp } from "../../src/setup/cli-help.mjs";
import { makeFolder, ROOT } from "./workbench.mjs";

/** @type {Record<string, string>} */
const SCRIPTS = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")).scripts;
const STARTED = Object.entries(SCRIPTS).filter(([, command]) => command.startsWith("node src/setup/start.mjs "));
/** @type {Record<string, string>} */
const CLI = JSON.parse(readFileSync(join(ROOT, "src", "setup", "cli-help.json"), "utf8"));
/** Jupyter Lab's options are Jupyter Lab's to refuse. */
const PASSED_ON = ["lab"];

/**
 * A clone in which nothing was set up, on a machine that has neither npm, Python nor a compiler.
 * @param {import("node:test").TestContext} t
 */
function bareClone(t) {
  const clone = join(makeFolder(t), "a clone");
  for (const folder of ["src/setup", "test"])
    cpSync(join(ROOT, folder), join(clone, folder), { recursive: true, filter: (path) => !path.includes("fixtures") });
  for (const file of ["package.json", "package-lock.json", ".npmrc"]) copyFileSync(join(ROOT, file), join(clone, file));
  const before = readdirSync(clone).sort();
  return {
    clone,
    /** @param {string[]} parameters  what follows `node` */
    start(...parameters) {
      const { status, stdout, stderr } = spawnSync(process.execPath, parameters, {
        cwd: clone,
        encoding: "utf8",
        env: { PATH: "/nowhere", HOME: clone },
      });
      assert.deepEqual(readdirSync(clone).sort(), before, `${parameters.join(" ")} made nothing`);
      return { status, stdout, stderr };
    },
  };
}

test("every npm script answers --help, -h and help in a bare clone", (t) => {
  const { start } = bareClone(t);
  assert.ok(STARTED.length >= 17);
  for (const [name, command] of STARTED) {
    for (const word of ["--help", "-h", "help"]) {
      const { status, stdout, stderr } = start(...command.split(" ").slice(1), word);
      assert.equal(status, 0, `${name} ${word}: ${stderr}`);
      assert.equal(stderr, "");
      assert.match(stdout, name === "study" ? /^Usage: tslora study / : new RegExp(`^npm (run )?${name}\\b`), name);
    }
  }
});

test("every npm script refuses an unknown option in a bare clone", (t) => {
  const { start } = bareClone(t);
  for (const [name, command] of STARTED.filter(([each]) => !PASSED_ON.includes(each))) {
    for (const option of ["--bogus", "-x"]) {
      const { status, stdout, stderr } = start(...command.split(" ").slice(1), option);
      assert.equal(status, 2, `${name} ${option}: ${stdout}${stderr}`);
      assert.match(stderr, /^[^\n]*(bogus|-x)/);
      assert.doesNotMatch(stderr, /^ +at /m, "no stack");
    }
  }
  const tests = (/** @type {string[]} */ ...parameters) => start("src/setup/start.mjs", "test", ...parameters);
  assert.equal(tests("--only", "no such test").status, 2);
  assert.match(tests("--only").stderr, /--only/);
  assert.equal(start("src/setup/start.mjs", "setup", "lab", "labs").status, 2);
  assert.equal(start("src/setup/start.mjs", "pack-clone").status, 2);
  assert.equal(start("src/setup/start.mjs", "pack-clone", "src").status, 2, "a folder that is not empty");
  assert.equal(start("src/setup/start.mjs", "pack-clone", "new", "--piece", "-1").status, 2);
  assert.equal(start("src/setup/start.mjs", "test-lab", "no such word").status, 2);
});

test("every command of the command line answers in a bare clone", (t) => {
  const { start } = bareClone(t);
  const tslora = (/** @type {string[]} */ ...parameters) => start("src/setup/tslora.mjs", ...parameters);
  for (const words of [["--help"], ["-h"], ["help"], []])
    assert.deepEqual(tslora(...words), { status: 0, stdout: `${CLI[""]?.trimEnd()}\n`, stderr: "" }, words.join());
  for (const name of Object.keys(CLI).filter((each) => each !== "")) {
    for (const words of [
      [name, "--help"],
      [name, "-h"],
      ["help", name],
      [name, "--model", "x", "--help"],
    ])
      assert.deepEqual(
        tslora(...words),
        { status: 0, stdout: `${CLI[name]?.trimEnd()}\n`, stderr: "" },
        words.join(" "),
      );
    assert.match(tslora(name, "--bogus").stderr, /^error: unknown option '--bogus'\n/);
    assert.equal(tslora(name, "--bogus").status, 2);
  }
  assert.match(tslora("--version").stdout, /^\d+\.\d+\.\d+\n$/);
  assert.match(tslora("trian", "--data", "a.csv").stderr, /^error: unknown command 'trian'\n/);
  assert.equal(tslora("--bogus").status, 2);
});

test("options that a command has are not refused by its help, in any spelling", () => {
  const passes = (/** @type {string[]} */ ...parameters) =>
    assert.equal(answerFromHelp(parameters, { root: ROOT }), undefined, parameters.join(" "));
  passes("run", "a.ipynb", "-p", "x=1", "--param", "y=--bogus", "-r", "--bogus", "--check", "-qo", "out");
  passes("run", "a.ipynb", "-j2", "--jobs=2", "--", "--bogus");
  passes("train", "--data=a.csv", "--learning_rate", "1e-3", "--max-steps", "-1", "--use-dora", "--no-use-dora");
  passes("predict", "--adapter", "a", "-");
  passes("study", "-p", "maxSteps=3", "--quiet");
});

test("the clone's entry names missing parts, and exports the compiled package", (t) => {
  const clone = join(makeFolder(t), "node_modules", "tslora");
  mkdirSync(clone, { recursive: true });
  cpSync(join(ROOT, "src", "setup"), join(clone, "src", "setup"), { recursive: true });
  copyFileSync(join(ROOT, "package.json"), join(clone, "package.json"));
  const load = () =>
    spawnSync(process.execPath, ["-p", "require('tslora').train()"], {
      encoding: "utf8",
      cwd: join(clone, "..", ".."),
    });
  assert.match(load().stderr, /The tarball of tslora in .* is not complete: it has no dist\/index\.js/);
  writeFileSync(join(clone, "package-lock.json"), "{}");
  assert.match(load().stderr, /tslora is not set up in .*\. Run npm run setup there\./);
  mkdirSync(join(clone, ".tslora", "package"), { recursive: true });
  writeFileSync(join(clone, ".tslora", "package", "index.js"), "exports.train = () => 1;");
  assert.equal(load().stdout, "1\n");
});
