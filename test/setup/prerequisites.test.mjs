// @ts-check
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { checkNode } from "../../src/setup/check-node.mjs";
import { findTool } from "../../src/setup/tools/find-tool.mjs";
import { makeFolder, ROOT } from "./workbench.mjs";

const FILES = ["package.json", "package-lock.json", ".npmrc", "tsconfig.json", "tsconfig.package.json"];
/** Scripts in place of the tools that a machine may have or lack. */
const NPM = { npm: "echo 10" };
const PYTHON = { python3: "echo 3.11" };
const COMPILER = { "c++": "echo compiler" };
const TOOLS = { ...NPM, ...PYTHON, ...COMPILER };

/**
 * Starts set-up in a bare clone on a machine of the given shape.
 *
 * @param {import("node:test").TestContext} t
 * @param {{ tools?: Record<string, string>, loneNode?: boolean, preload?: string, env?: Record<string, string> }}
 *   machine
 *   `tools` are shell scripts by name; with `loneNode`, there is no npm in Node's folder; `preload` is run before, to
 *   make Node believe that the machine is another
 */
function setUpOn(t, { tools = TOOLS, loneNode = false, preload = "", env = {} }) {
  const clone = join(makeFolder(t), "a clone");
  cpSync(join(ROOT, "src", "setup"), join(clone, "src", "setup"), { recursive: true });
  for (const file of FILES) copyFileSync(join(ROOT, file), join(clone, file));
  const bin = join(makeFolder(t), "bin");
  mkdirSync(bin);
  for (const [name, script] of Object.entries(tools)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  const node = loneNode ? join(bin, "node") : process.execPath;
  if (loneNode) copyFileSync(process.execPath, node);
  const before = readdirSync(clone).sort();
  const { status, stdout, stderr } = spawnSync(
    node,
    [
      ...(preload === "" ? [] : ["--import", `data:text/javascript,${encodeURIComponent(preload)}`]),
      join(clone, "src", "setup", "start.mjs"),
      "setup",
    ],
    {
      encoding: "utf8",
      env: { PATH: bin, HOME: clone, ...env },
    },
  );
  assert.deepEqual(readdirSync(clone).sort(), before, "nothing was made or downloaded");
  return { status, stdout, lines: stderr.trimEnd().split("\n") };
}

/** @param {Parameters<typeof setUpOn>[1]} machine @param {RegExp} line */
function refuses(machine, line) {
  return (/** @type {import("node:test").TestContext} */ t) => {
    const { status, stdout, lines } = setUpOn(t, machine);
    assert.equal(status, 1);
    assert.equal(stdout, "");
    assert.equal(lines.length, 1, lines.join("\n"));
    assert.match(lines[0] ?? "", line);
  };
}

const BRINGS = /Debian: apt-get install \S+.* macOS: \S+/.source;

test(
  "without Python",
  refuses({ tools: { ...NPM, ...COMPILER } }, new RegExp(`^Python 3.9 or later is missing: .*TensorFlow.*${BRINGS}`)),
);
test(
  "with only an old Python",
  refuses(
    { tools: { ...TOOLS, python3: "echo 3.8" } },
    new RegExp(`^Python 3.9 or later is missing \\(python3 is 3.8\\): .*${BRINGS}`),
  ),
);
test(
  "with a Python that cannot make environments",
  refuses(
    { tools: { ...TOOLS, python3: "echo 3.11; exit 1" } },
    new RegExp(`^Python's venv module is missing .*${BRINGS}`),
  ),
);
test(
  "without a C++ compiler",
  refuses({ tools: { ...NPM, ...PYTHON } }, new RegExp(`^A C\\+\\+ compiler is missing: .*binding.*${BRINGS}`)),
);
test(
  "with a CXX that does not exist",
  refuses(
    { env: { CXX: "no-such-compiler -m64" } },
    /^The C\+\+ compiler that CXX names \(no-such-compiler -m64\) is missing/,
  ),
);
test(
  "without npm",
  refuses({ tools: { ...PYTHON, ...COMPILER }, loneNode: true }, new RegExp(`^npm is missing: .*${BRINGS}`)),
);

test("all missing programs are reported at once, one per line", (t) => {
  const { status, lines } = setUpOn(t, { tools: {}, loneNode: true });
  assert.equal(status, 1);
  assert.deepEqual(
    lines.map((line) => line.split(" is missing")[0]),
    ["npm", "Python 3.9 or later", "A C++ compiler"],
  );
});

/** @param {string} name @param {unknown} value */
const pretend = (name, value) =>
  `Object.defineProperty(process, ${JSON.stringify(name)}, { value: ${JSON.stringify(value)} });`;

test(
  "on Windows",
  refuses(
    { preload: pretend("platform", "win32") },
    /^There is no TensorFlow library for win32-\w+: .*On Windows, use WSL 2\.$/,
  ),
);
test(
  "on another processor",
  refuses({ preload: pretend("arch", "riscv64") }, /^There is no TensorFlow library for \w+-riscv64: /),
);
test(
  "on a Linux without glibc",
  { skip: process.platform !== "linux" },
  refuses({ preload: "process.report.getReport = () => ({ header: {} });" }, /^This Linux has no glibc/),
);
test(
  "on a Linux with an old glibc",
  { skip: process.platform !== "linux" },
  refuses(
    { preload: 'process.report.getReport = () => ({ header: { glibcVersionRuntime: "2.17" } });' },
    /^This Linux has glibc 2\.17, and TensorFlow's library needs 2\.27/,
  ),
);
for (const version of ["18.20.8", "20.18.3", "19.9.0", "6.0.0"]) {
  test(
    `with Node ${version}, which is too old`,
    refuses(
      { preload: pretend("versions", { node: version }) },
      new RegExp(
        `^Node must be 20\\.19 or later; got ${version.replaceAll(".", "\\.")}\\. Install a version that tslora is tested on \\(20, 22, 24 and 26\\)\\. Debian: `,
      ),
    ),
  );
}

test("a folder in TSLORA_HOME that cannot be made is named in one line", (t) => {
  const project = makeFolder(t);
  const root = join(project, "node_modules", "tslora");
  cpSync(join(ROOT, "src", "setup"), join(root, "src", "setup"), { recursive: true });
  copyFileSync(join(ROOT, "package.json"), join(root, "package.json"));
  for (const file of ["dist/cli/main.js", "node_modules/commander/package.json", "shared"]) {
    mkdirSync(join(root, file, ".."), { recursive: true });
    writeFileSync(join(root, file), "");
  }
  const { status, stderr } = spawnSync(process.execPath, [join(root, "src", "setup", "tslora.mjs"), "setup"], {
    encoding: "utf8",
    env: { PATH: "/nowhere", HOME: project, TSLORA_HOME: join(root, "shared") },
  });
  assert.equal(status, 1);
  assert.match(stderr, /Set-up must be able to write into .*shared.*; got E[A-Z]+: [^\n]*\n$/);
});

test("an untested version of Node gives a warning, and is not refused", () => {
  for (const version of ["20.19.0", "20.20.2", "22.0.0", "22.23.5", "24.1.0", "26.12.1"])
    assert.equal(checkNode(version), undefined, version);
  for (const [version, words] of [
    ["21.7.3", "not among the versions"],
    ["23.0.0", "not among the versions"],
    ["25.9.0", "not among the versions"],
    ["27.0.0", "newer than the versions"],
    ["28.1.0", "newer than the versions"],
    ["100.0.0", "newer than the versions"],
  ]) {
    assert.deepEqual(checkNode(version ?? ""), {
      warning: `Warning: Node ${version} is ${words} that tslora is tested on (20, 22, 24 and 26). tslora runs nevertheless.`,
    });
  }
});

test("a Node newer than the newest tested one runs after one line of warning", (t) => {
  const { status, lines } = setUpOn(t, {
    tools: {},
    loneNode: true,
    preload: pretend("versions", { ...process.versions, node: "28.0.0" }),
  });
  assert.equal(status, 1);
  assert.match(lines[0] ?? "", /^Warning: Node 28\.0\.0 is newer than the versions/);
  assert.deepEqual(
    lines.slice(1).map((line) => line.split(" is missing")[0]),
    ["npm", "Python 3.9 or later", "A C++ compiler"],
    "the checks behind Node's ran",
  );
});

test("engines, the lock file, CI and the check name the same versions of Node", () => {
  const read = (/** @type {string} */ file) => readFileSync(join(ROOT, file), "utf8");
  const oldest = /got 1\.0\.0/.test(JSON.stringify(checkNode("1.0.0")))
    ? /must be ([\d.]+) or later/.exec(JSON.stringify(checkNode("1.0.0")))?.[1]
    : undefined;
  assert.equal(JSON.parse(read("package.json")).engines.node, `>=${oldest}.0`);
  assert.equal(JSON.parse(read("package-lock.json")).packages[""].engines.node, `>=${oldest}.0`);
  const matrix = /node: \[([\d, ]+)\]/.exec(read(".github/workflows/ci.yml"))?.[1]?.split(", ") ?? [];
  assert.deepEqual(matrix, ["20", "22", "24", "26"]);
  for (const major of matrix) assert.equal(checkNode(`${major}.99.0`), undefined);
});

test("if python3 is too old, a newer Python is found under its own name", (t) => {
  const bin = makeFolder(t);
  for (const [name, version] of [
    ["python3", "3.8"],
    ["python3.12", "3.12"],
  ]) {
    writeFileSync(join(bin, `${name}`), `#!/bin/sh\necho ${version}\n`);
    chmodSync(join(bin, `${name}`), 0o755);
  }
  const path = process.env["PATH"];
  t.after(() => {
    process.env["PATH"] = path;
  });
  process.env["PATH"] = bin;
  assert.deepEqual(findTool("python"), { commandLine: ["python3.12"] });
});

test("the command links to the file that it starts", (t) => {
  const link = join(makeFolder(t), "tslora");
  symlinkSync(join(ROOT, "src", "setup", "tslora.mjs"), link);
  const { status, stderr } = spawnSync(
    process.execPath,
    ["--import", `data:text/javascript,${encodeURIComponent(pretend("versions", { node: "18.0.0" }))}`, link, "doctor"],
    { encoding: "utf8" },
  );
  assert.equal(status, 1);
  assert.match(stderr, /^Node must be 20\.19/);
});
