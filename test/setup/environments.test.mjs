// @ts-check
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { test } from "node:test";

import { ENVIRONMENTS } from "../../src/setup/commands/lock-environments.mjs";
import { writeKernelspecs } from "../../src/setup/commands/write-kernelspecs.mjs";
import { settleClone } from "../../src/setup/stages/settle-clone.mjs";
import { settleEnvironment } from "../../src/setup/stages/settle-environment.mjs";
import { makeFolder, ROOT } from "./workbench.mjs";

const REQUIREMENTS = join(ROOT, "src", "setup", "requirements");

/**
 * An environment as venv and pip leave it, whose Python is a shell script that prints its place and its arguments.
 * @param {string} folder
 */
function layEnvironment(folder) {
  const files = {
    "bin/python": `#!/bin/sh\necho "python of $(dirname "$(dirname "$0")") $*"\n`,
    "bin/papermill": `#!${folder}/bin/python\n# -*- coding: utf-8 -*-\nimport sys\n`,
    "bin/jupyter-lab": `#!/bin/sh\n'''exec' "${folder}/bin/python3.11" "$0" "$@"\n' '''\nimport sys\n`,
    "bin/unquoted": `#!/bin/sh\n'''exec' ${folder}/bin/python "$0" "$@"\n' '''\nimport sys\n`,
    "bin/other": "#!/usr/bin/env node\nconsole.log(1)\n",
    "bin/activate": `VIRTUAL_ENV="${folder}"\nexport VIRTUAL_ENV\n`,
    "bin/activate.fish": `set -gx VIRTUAL_ENV "${folder}"\n`,
    "pyvenv.cfg": `home = /usr/bin\ncommand = /usr/bin/python3 -m venv ${folder}\n`,
    "share/jupyter/kernels/python3/kernel.json": JSON.stringify({
      argv: [`${folder}/bin/python`, "-m", "ipykernel_launcher"],
    }),
    "etc/jupyter/config.json": JSON.stringify({ path: `${folder}/share` }),
    "lib/python3.11/site-packages/a.pth": `${folder}/src\n`,
    "lib/python3.11/site-packages/a-1.dist-info/direct_url.json": JSON.stringify({ url: `file://${folder}/a` }),
    "lib/python3.11/site-packages/a/__init__.py": "# a package\n",
  };
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    if (name.startsWith("bin/")) chmodSync(path, 0o755);
  }
  return Object.keys(files);
}

test("console scripts start from any folder of the environment, also through a link, and no file names the folder in which it was created", (t) => {
  const root = makeFolder(t); // its path has a blank
  const staging = join(root, "staging", "environment");
  const place = join(root, "lab");
  const names = layEnvironment(staging);
  settleEnvironment(staging, { from: staging, to: place });
  renameSync(staging, place);
  for (const name of names) assert.doesNotMatch(readFileSync(join(place, name), "utf8"), /staging/, name);
  assert.match(readFileSync(join(place, "bin", "activate"), "utf8"), new RegExp(`^VIRTUAL_ENV="${place}"$`, "m"));
  assert.equal(readFileSync(join(place, "bin", "other"), "utf8"), "#!/usr/bin/env node\nconsole.log(1)\n");

  /** @param {string} folder @param {string} script @param {string} path  how it is called */
  const starts = (folder, script, path = join(folder, "bin", script)) => {
    const { stdout, stderr } = spawnSync(path, ["--version", "two words"], { encoding: "utf8" });
    assert.equal(stdout, `python of ${folder} ${path} --version two words\n`, stderr);
  };
  for (const script of ["papermill", "jupyter-lab", "unquoted"]) starts(place, script);
  const link = join(root, "link");
  symlinkSync(join(place, "bin", "papermill"), link);
  starts(place, "papermill", link);

  const moved = join(root, "moved");
  renameSync(place, moved);
  for (const script of ["papermill", "jupyter-lab", "unquoted"]) starts(moved, script);
  settleEnvironment(moved, { from: place, to: moved });
  assert.match(readFileSync(join(moved, "bin", "activate"), "utf8"), new RegExp(`^VIRTUAL_ENV="${moved}"$`, "m"));
  for (const name of names) assert.equal(readFileSync(join(moved, name), "utf8").includes(`${place}/`), false, name);
});

test("every package of the environments is pinned, with hashes", () => {
  for (const file of readdirSync(REQUIREMENTS).filter((name) => name.endsWith(".txt"))) {
    const text = readFileSync(join(REQUIREMENTS, file), "utf8");
    assert.doesNotMatch(text, /https?:|@ /, `${file} names no host`);
    for (const entry of text.split(/^(?=[^\s#])/m).filter((part) => !part.startsWith("#"))) {
      assert.match(
        entry,
        /^[\w.-]+==[\w.+]+(?: ; [^\n]+)? \\\n {4}--hash=sha256:[0-9a-f]{64}/,
        `${file}: ${entry.slice(0, 60)}`,
      );
    }
  }
});

test("the lock files hold what the .in files ask for", () => {
  for (const name of Object.keys(ENVIRONMENTS)) {
    const asked = readFileSync(join(REQUIREMENTS, `${name}.in`), "utf8")
      .split("\n")
      .filter((line) => /^\w/.test(line));
    assert.notEqual(asked.length, 0);
    const locked = [`${name}.txt`, ...(name === "reference" ? ["torch.txt"] : [])]
      .map((file) => readFileSync(join(REQUIREMENTS, file), "utf8"))
      .join("");
    for (const line of asked)
      assert.ok(locked.split(/[ \n]/).includes(line), `${name} is to hold ${line}; run npm run lock`);
  }
  assert.match(
    readFileSync(join(REQUIREMENTS, "torch-cpu.txt"), "utf8"),
    new RegExp(`^${/^torch==\S+/m.exec(readFileSync(join(REQUIREMENTS, "torch.txt"), "utf8"))?.[0]}\\+cpu `, "m"),
  );
});

test("files of a moved clone name its new folder after the next start", (t) => {
  const folder = makeFolder(t);
  const [before, after] = [join(folder, "before"), join(folder, "after")];
  mkdirSync(before, { recursive: true });
  writeFileSync(join(before, "package-lock.json"), "{}"); // which a clone has and an installed package lacks
  settleClone(before); // the first start
  for (const name of Object.keys(ENVIRONMENTS)) layEnvironment(join(before, ".tslora", name));
  const kernelspec = (/** @type {string} */ root) =>
    readFileSync(join(root, ".tslora", "jupyter", "data", "kernels", "tslora", "kernel.json"), "utf8");
  assert.ok(kernelspec(before).includes(`"${before}/.tslora/package/`));
  renameSync(before, after);
  settleClone(after);
  assert.ok(kernelspec(after).includes(`"${after}/.tslora/package/`));
  for (const name of Object.keys(ENVIRONMENTS))
    assert.ok(
      readFileSync(join(after, ".tslora", name, "bin", "activate"), "utf8").includes(`"${after}/.tslora/${name}"`),
    );
});

test("after another Node was installed, the next start writes its path into the kernelspecs", (t) => {
  const root = makeFolder(t);
  writeFileSync(join(root, "package-lock.json"), "{}");
  settleClone(root);
  const path = join(root, ".tslora", "jupyter", "data", "kernels", "tslab", "kernel.json");
  const whole = readFileSync(path, "utf8");
  writeFileSync(path, whole.replace(JSON.stringify(process.execPath), '"/removed/node"'));
  settleClone(root);
  assert.equal(readFileSync(path, "utf8"), whole);
});

test("kernelspecs that cannot be written are an error of set-up, and of the first start, alone", (t) => {
  const root = makeFolder(t);
  writeFileSync(join(root, "package-lock.json"), "{}");
  const jupyter = join(root, ".tslora", "jupyter");
  mkdirSync(join(root, ".tslora"));
  writeFileSync(jupyter, "a file where the folder must be");
  assert.throws(() => settleClone(root));
  rmSync(jupyter);
  settleClone(root);
  rmSync(jupyter, { recursive: true });
  writeFileSync(jupyter, "a file again");
  settleClone(root); // another user's clone
  assert.throws(() => settleClone(root, { needsKernelspecs: true }));
  rmSync(jupyter);
  settleClone(root, { needsKernelspecs: true });
  assert.deepEqual(readdirSync(join(jupyter, "data", "kernels")).sort(), ["tslab", "tslora"]);
});

test("a project's kernelspecs name the folder in TSLORA_HOME as set-up finds it", (t) => {
  const project = makeFolder(t);
  const root = join(project, "node_modules", "tslora");
  mkdirSync(root, { recursive: true });
  writeFileSync(join(root, "package.json"), '{"version":"1.0.0"}');
  const before = process.env["TSLORA_HOME"];
  t.after(() => {
    if (before === undefined) delete process.env["TSLORA_HOME"];
    else process.env["TSLORA_HOME"] = before;
  });
  for (const [given, named] of [
    ["~/shared", { TSLORA_HOME: join(homedir(), "shared") }],
    [" ", undefined],
  ]) {
    process.env["TSLORA_HOME"] = String(given);
    const data = writeKernelspecs(root);
    assert.equal(data, join(project, ".tslora", "jupyter", "data"));
    const { env } = JSON.parse(readFileSync(join(data, "kernels", "tslora", "kernel.json"), "utf8"));
    assert.deepEqual(env, named);
  }
});

test("the compiled package's source maps name existing sources", () => {
  const made = join(ROOT, ".tslora", "package");
  for (const file of ["index.js.map", "cli/main.js.map", "cli/options/option-table.js.map"]) {
    const { sources } = JSON.parse(readFileSync(join(made, file), "utf8"));
    assert.deepEqual(
      sources.map((/** @type {string} */ source) => relative(ROOT, resolve(made, dirname(file), source))),
      [join("src", file.replace(".js.map", ".ts"))],
    );
  }
});

test("CI's actions are pinned by a commit, with the version in a comment", () => {
  const uses = [...readFileSync(join(ROOT, ".github", "workflows", "ci.yml"), "utf8").matchAll(/uses: (.*)/g)].map(
    ([, text]) => text ?? "",
  );
  assert.notEqual(uses.length, 0);
  for (const text of uses) assert.match(text, /^[\w-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
});
