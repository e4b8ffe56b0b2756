// @ts-check
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, posix } from "node:path";
import { after, before, test } from "node:test";

import { neededBy, PACKED_PACKAGES } from "../../src/setup/package/packed-packages.mjs";
import { listFiles } from "../../src/setup/tools/list-files.mjs";
import { cleanVariables, packTarball } from "./packed.mjs";
import { ROOT } from "./workbench.mjs";

const MANIFEST = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
const NOT_SET_UP = "TensorFlow is not set up for this project. Run npx tslora setup.";
/** In the clone alone. */
const NOT_PACKED = "src/setup/start-command.mjs";

/** A project that has the tarball and its dependencies, with nothing set up. */
const project = mkdtempSync(join(tmpdir(), "tslora package "));
const own = join(project, "node_modules", "tslora");
/** @type {Set<string>} */
let files = new Set();

before(() => {
  const { tarball, files: packed } = packTarball(project);
  files = new Set(packed);
  mkdirSync(own, { recursive: true });
  assert.equal(spawnSync("tar", ["-xzf", tarball, "-C", own, "--strip-components=1"]).status, 0);
  rmSync(tarball);
  for (const name of [...Object.keys(MANIFEST.dependencies), "@types/node"]) {
    const link = join(project, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(ROOT, "node_modules", name), link);
  }
});
after(() => rmSync(project, { recursive: true, force: true }));

/** @param {string[]} parameters  what follows `node` */
function node(...parameters) {
  return spawnSync(process.execPath, parameters, {
    cwd: project,
    encoding: "utf8",
    env: { ...cleanVariables(), HF_HUB_OFFLINE: "1" },
  });
}

/** @param {string} path */
const text = (path) => readFileSync(join(own, path), "utf8");

test("the tarball holds the compiled package, types, set-up and notebooks, and neither tests nor data nor models", () => {
  for (const path of ["README.md", "LICENSE", "CHANGELOG.md", "environment.md", "dist/index.js", "dist/index.d.ts"])
    assert.ok(files.has(path), path);
  for (const path of listFiles(ROOT, "notebooks").filter((each) => each.endsWith(".ipynb")))
    assert.ok(files.has(path), path);
  for (const path of files) {
    assert.doesNotMatch(path, /(^|\/)tests?\/|\.test\.|_test\.|\.(?:zip|safetensors|onnx|node|o|tgz)$/);
    assert.doesNotMatch(path, /^(?:\.tslora|output|test)\//);
    assert.ok(!/^src\/.*\.ts$/.test(path), path);
  }
  // The invented sample and the list of PubMed's identifiers are parts of the program.
  assert.deepEqual(
    [...files].filter((path) => path.startsWith("data/")),
    ["data/pmids.csv", "data/sample.jsonl"],
  );
});

test("nothing runs when the tarball is installed, and npm publishes neither folder nor tarball", () => {
  for (const name of ["preinstall", "install", "postinstall", "prepare"])
    assert.equal(MANIFEST.scripts[name], undefined);
  assert.equal(MANIFEST.private, true);
  const { status, stderr } = spawnSync(process.execPath, [join(ROOT, "src", "setup", "refuse-publish.mjs")], {
    encoding: "utf8",
  });
  assert.equal(status, 1);
  assert.match(stderr, /^npm publish is refused: /);
});

test("every file that the code requires or reads is in the tarball", () => {
  const named = new Set(Object.keys(MANIFEST.dependencies));
  for (const path of [...files].filter((each) => /^dist\/(?!node_modules\/).*\.js$/.test(each))) {
    for (const [, specifier = ""] of text(path).matchAll(/\b(?:require|import)\(["']([^"'\s]+)["']\)/g)) {
      if (/^\.{1,2}\//.test(specifier)) {
        const target = posix.join(posix.dirname(path), specifier);
        const found = [target, `${target}.js`, `${target}/index.js`].some((each) => files.has(each));
        assert.ok(found, `${path} requires ${specifier}`);
      } else if (!isBuiltin(specifier) && specifier !== "x") {
        const name = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
        assert.ok(named.has(name) || files.has(`dist/node_modules/${name}/package.json`), `${path} requires ${name}`);
      }
    }
  }
  for (const path of listFiles(ROOT, "src")) {
    if (/^src\/setup\/|\.(?:ts|md)$/.test(path)) continue; // what the compiled package reads
    const copied = path.startsWith("src/ops/kernels/") ? path : path.replace("src/", "dist/");
    assert.ok(files.has(copied), copied);
  }
  for (const path of listFiles(ROOT, "src").filter((each) => each.endsWith(".ts"))) {
    const source = readFileSync(join(ROOT, path), "utf8");
    for (const [, parts = ""] of source.matchAll(/join\((?:projectRoot\(\)|places\(\)\.root)((?:, "[^"]+")+)/g)) {
      const read = [...parts.matchAll(/"([^"]+)"/g)].map(([, part]) => part).join("/");
      assert.ok(
        [...files].some((each) => each === read || each.startsWith(`${read}/`)),
        `${path} reads ${read}`,
      );
    }
  }
});

test("set-up's files import files of the tarball alone", () => {
  for (const path of [...files].filter((each) => /^src\/setup\/.*\.[cm]js$/.test(each)))
    for (const [, specifier = ""] of text(path).matchAll(/(?:from |import\(|require\(|new URL\()"(\.[^"]+)"/g)) {
      const target = posix.join(posix.dirname(path), specifier);
      if (target !== NOT_PACKED && specifier !== "../..") assert.ok(files.has(target), `${path} imports ${specifier}`);
    }
});

test("the packages inside the tarball find what they depend on, in versions that they accept", () => {
  const { satisfies } = createRequire(join(ROOT, "node_modules", "tslab", "package.json"))("semver");
  for (const packed of PACKED_PACKAGES)
    for (const [name, range] of neededBy(ROOT, packed)) {
      const exact = MANIFEST.dependencies[name] ?? "missing";
      const version = exact.replace(/^npm:.*@/, "");
      const replaced = exact.startsWith("npm:"); // another package with the same interface
      assert.ok(replaced || satisfies(version, range), `${packed.name} needs ${name} ${range}; got ${exact}`);
    }
});

test("ESM and CommonJS import every name, without set-up", () => {
  const names = `Object.keys(m).filter((name) => !/^(?:default|module\\.exports|__esModule)$/.test(name)).sort().join()`;
  const cjs = node("-p", `const m = require("tslora"); ${names}`);
  const esm = node("--input-type=module", "-e", `import * as m from "tslora"; console.log(${names})`);
  assert.equal(cjs.status, 0, cjs.stderr);
  assert.equal(esm.status, 0, esm.stderr);
  assert.ok(cjs.stdout.includes("loadClassifier"));
  assert.equal(esm.stdout, cjs.stdout);
  const used = node("-p", `require("tslora").accuracyScore([1, 0], [1, 1])`);
  assert.equal(used.stdout, "0.5\n", used.stderr);
});

test("calls that need TensorFlow fail before set-up, with advice", () => {
  const message = (/** @type {string} */ code) =>
    node("-e", `(async () => { const m = require("tslora"); ${code} })().catch((e) => console.log(e.message))`).stdout;
  assert.equal(message(`await m.loadCorpus("sample");`), `${NOT_SET_UP}\n`);
  writeFileSync(join(project, "texts.csv"), "text,label\na,x\nb,y\nc,x\nd,y\n");
  const { status, stderr } = node(join(own, MANIFEST.bin.tslora), "train", "--data", "texts.csv");
  assert.notEqual(status, 0);
  assert.ok(stderr.includes("npx tslora setup"), stderr);
  assert.equal(existsSync(join(project, ".tslora")), false, "nothing was written");
});

test("TypeScript finds the types, as Node 10, Node 16 and bundlers resolve", async () => {
  const { default: ts } = await import("typescript");
  const from = join(project, "program.mts");
  for (const [moduleResolution, module] of [
    [ts.ModuleResolutionKind.Node10, ts.ModuleKind.CommonJS],
    [ts.ModuleResolutionKind.Node16, ts.ModuleKind.Node16],
    [ts.ModuleResolutionKind.Bundler, ts.ModuleKind.ESNext],
  ]) {
    const options = /** @type {import("typescript").CompilerOptions} */ ({ moduleResolution, module });
    for (const [name, origin] of [
      ["tslora", from],
      ["../danfojs-types/danfojs-node/src/index", join(own, "dist", "corpus", "corpus.d.ts")],
    ]) {
      const { resolvedModule } = ts.resolveModuleName(name ?? "", origin ?? "", options, ts.sys);
      assert.match(resolvedModule?.resolvedFileName ?? "", /node_modules\/tslora\/dist\/.*index\.d\.ts$/, name);
    }
  }
});
