// @ts-check
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, before, test } from "node:test";

import { cleanVariables, packTarball } from "./packed.mjs";

const NOT_SET_UP = /TensorFlow is not set up for this project\. Run npx tslora setup\./;
/** The oldest TypeScript that reads the types, which is tslab's, and the newest. */
const COMPILERS = { "typescript-oldest": "5.0.4", "typescript-latest": "latest" };
const RESOLUTIONS = [
  ["node10", "commonjs"],
  ["node16", "node16"],
  ["bundler", "esnext"],
];

const folder = mkdtempSync(join(tmpdir(), "tslora package "));
const [first = "", second = ""] = ["first project", "second project"].map((name) => join(folder, name));
/** A folder of the project, where most notebooks are. */
const notes = join(first, "notes");
const shared = join(folder, "shared");
let tarball = "";

before(() => {
  for (const each of [first, second, notes]) mkdirSync(each);
  ({ tarball } = packTarball(folder));
});
after(() => rmSync(folder, { recursive: true, force: true }));

/**
 * Runs a command in a project.
 *
 * @param {readonly string[]} commandLine
 * @param {{ cwd?: string, env?: Record<string, string>, input?: string }} [options]
 */
function run([command = "", ...parameters], { cwd = first, env = {}, input } = {}) {
  const { status, stdout, stderr } = spawnSync(command, parameters, {
    cwd,
    encoding: "utf8",
    env: { ...cleanVariables(), HF_HUB_OFFLINE: "1", TSLORA_DEVICE: "cpu", ...env },
    input,
    maxBuffer: 2 ** 26,
  });
  return { status, stdout, stderr, text: `${stdout}\n${stderr}` };
}

/** @param {Parameters<typeof run>} call */
function passes(...call) {
  const result = run(...call);
  assert.equal(result.status, 0, `${call[0].join(" ")}\n${result.text}`);
  return result;
}

/** @param {string} project */
function install(project) {
  writeFileSync(
    join(project, "package.json"),
    JSON.stringify({ name: basename(project).replace(" ", "-"), private: true }),
  );
  copyFileSync(tarball, join(project, basename(tarball)));
  passes(["npm", "install", "--no-audit", "--no-fund", `./${basename(tarball)}`], { cwd: project });
}

/** @param {string} path @param {string} source  of its only cell @param {string} kernel */
function writeNotebook(path, source, kernel) {
  const cell = { cell_type: "code", id: "one", metadata: {}, source, execution_count: null, outputs: [] };
  const kernelspec = { name: kernel, display_name: kernel, language: "typescript" };
  writeFileSync(path, JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: { kernelspec }, cells: [cell] }));
}

const CELL = `import { loadCorpus, accuracyScore } from "tslora";
const { frame } = await loadCorpus("sample");
console.log(frame.shape[0] > 10, accuracyScore([1, 0], [1, 1]));`;

test("npm installs the tarball and its dependencies, and runs no script of it", () => {
  install(first);
  assert.ok(existsSync(join(first, "node_modules", "tslora", "dist", "index.js")));
  for (const name of ["danfojs-node", "@tensorflow/tfjs-node", "@tensorflow/tfjs-node-gpu"])
    assert.equal(existsSync(join(first, "node_modules", name)), false, name);
  assert.equal(existsSync(join(first, ".tslora")), false);
});

test("ESM and CommonJS import it before set-up, and calls that need TensorFlow are errors with advice", () => {
  writeFileSync(
    join(first, "a.mjs"),
    `import { accuracyScore, train } from "tslora"; console.log(typeof train, accuracyScore([1, 0], [1, 1]));`,
  );
  writeFileSync(
    join(first, "b.cjs"),
    `const { loadCorpus, train } = require("tslora"); console.log(typeof train); loadCorpus("sample").catch((e) => console.log(e.message));`,
  );
  assert.equal(passes(["node", "a.mjs"]).stdout, "function 0.5\n");
  assert.match(passes(["node", "b.cjs"]).stdout, NOT_SET_UP);
  writeFileSync(join(first, "texts.csv"), `text,label\n${"a warm film,good\na dull film,bad\n".repeat(8)}`);
  const { status, stderr } = run(["npx", "tslora", "train", "--data", "texts.csv", "--output-dir", "run"]);
  assert.notEqual(status, 0);
  assert.match(stderr, /npx tslora setup/);
});

test("TypeScript 5.0 and the latest read the types, as Node 10, Node 16 and bundlers resolve", () => {
  const names = Object.entries(COMPILERS).map(([name, version]) => `${name}@npm:typescript@${version}`);
  passes(["npm", "install", "--no-audit", "--no-fund", "--save-dev", "@types/node@20", ...names]);
  writeFileSync(
    join(first, "typed.ts"),
    `import { loadCorpus, loadClassifier, train, type TrainOptions } from "tslora";
export async function study(options: TrainOptions): Promise<number> {
  const { frame } = await loadCorpus("sample");
  const classifier = await loadClassifier("embedded", { labels: ["a", "b"], seed: 1 });
  for await (const event of train(classifier, options)) if (event.type === "step") return event.loss;
  // @ts-expect-error -- the types are read: there is no such option
  await loadClassifier("embedded", { label: 1 });
  // @ts-expect-error -- a frame is no number
  return frame;
}
`,
  );
  for (const compiler of Object.keys(COMPILERS)) {
    const { version } = JSON.parse(readFileSync(join(first, "node_modules", compiler, "package.json"), "utf8"));
    for (const [resolution = "", module = ""] of RESOLUTIONS) {
      if (resolution === "node10" && Number.parseInt(version) >= 7) continue; // it has gone
      const deprecated = resolution === "node10" && Number.parseInt(version) >= 6;
      passes([
        "node",
        join("node_modules", compiler, "bin", "tsc"),
        ...["--noEmit", "--strict", "--skipLibCheck", "--target", "es2022", "--types", "node"],
        ...["--module", module, "--moduleResolution", resolution],
        ...(deprecated ? ["--ignoreDeprecations", "6.0"] : []),
        "typed.ts",
      ]);
    }
  }
});

test("two set-ups at once share a folder: one waits, and both projects find TensorFlow", async () => {
  install(second);
  const env = { ...cleanVariables(), TSLORA_HOME: shared };
  const both = [first, second].map((cwd) => {
    const child = spawn("npx", ["tslora", "setup"], { cwd, env, stdio: ["ignore", "ignore", "pipe"] });
    let text = "";
    child.stderr.setEncoding("utf8").on("data", (part) => (text += part));
    return once(child, "close").then(([code]) => ({ code, text }));
  });
  const ends = await Promise.all(both);
  for (const { code, text } of ends) assert.equal(code, 0, text);
  assert.ok(ends.some(({ text }) => /Waiting for process \d+/.test(text)));
  assert.equal(readdirSync(shared).length, 1, "one folder for this version and platform");
  for (const cwd of [first, second]) {
    assert.deepEqual(readdirSync(join(cwd, ".tslora")).sort(), [".gitignore", "jupyter"], "nothing large");
    assert.match(
      passes(["node", "-e", `require("tslora").loadCorpus("sample").then((c) => console.log(c.frame.shape[0] > 10))`], {
        cwd,
        env: { TSLORA_HOME: shared },
      }).stdout,
      /true/,
    );
  }
});

test("without TSLORA_HOME set-up installs into the project, which git ignores", () => {
  passes(["npx", "tslora", "setup"]);
  for (const name of ["tensorflow", "kernels", "binding", "models", "jupyter"])
    assert.ok(lstatSync(join(first, ".tslora", name)).isDirectory(), name);
  assert.equal(readFileSync(join(first, ".tslora", ".gitignore"), "utf8"), "*\n");
  const { argv } = JSON.parse(
    readFileSync(join(first, ".tslora", "jupyter", "data", "kernels", "tslora", "kernel.json"), "utf8"),
  );
  assert.ok(existsSync(argv[1]), argv[1]);
  assert.doesNotMatch(passes(["npx", "tslora", "setup"]).stderr, /\[\d+\/\d+\]/, "a second one makes nothing");
});

test("it trains ten steps, predicts, evaluates and exports ONNX", () => {
  const model = ["--model", "embedded"];
  passes(["npx", "tslora", "train", "--data", "texts.csv", ...model, "--max-steps", "10", "--output-dir", "run"]);
  const adapter = join("run", "adapter");
  const predicted = passes(["npx", "tslora", "predict", "--adapter", adapter, "--json"], { input: "a warm film\n" });
  assert.match(predicted.stdout, /good|bad/);
  passes(["npx", "tslora", "evaluate", "--adapter", adapter, "--data", "texts.csv"]);
  passes(["npx", "tslora", "export", "--adapter", adapter, "-o", "onnx"]);
  assert.ok(listed(join(first, "onnx")).some((path) => path.endsWith(".onnx")));
});

test("it runs notebooks of the project with both kernels, and its own", () => {
  writeNotebook(join(first, "one.ipynb"), CELL, "tslab");
  writeNotebook(join(notes, "two.ipynb"), CELL, "tslora");
  for (const path of ["one.ipynb", join(notes, "two.ipynb")]) {
    passes(["npx", "tslora", "run", path, "-o", "executed"]);
    assert.match(readFileSync(join(first, "executed", basename(path)), "utf8"), /true 0\.5/);
  }
  const own = join("node_modules", "tslora", "notebooks", "00-environment.ipynb");
  passes(["npx", "tslora", "run", own, "-o", "executed"]);
  passes(["npx", "tslora", "check-notebooks", "one.ipynb"]);
});

/** @param {string} path @returns {string[]} */
function listed(path) {
  return readdirSync(path, { recursive: true, encoding: "utf8" });
}
