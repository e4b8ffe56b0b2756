// @ts-check
import assert from "node:assert/strict";
import { chmodSync, cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { kernelObjects } from "../../src/setup/stages/binding-commands.mjs";
import { compiledKernels, compiledSets, compileKernels } from "../../src/setup/stages/compile-kernels.mjs";
import { allSets, flagsOf, neededSets, widestSet } from "../../src/setup/stages/instruction-sets.mjs";
import { pendingStages, runStages } from "../../src/setup/tools/run-stages.mjs";
import { makeFolder, recordProgress, ROOT } from "./workbench.mjs";

const isX64 = process.arch === "x64";

/** @param {import("node:test").TestContext} t @param {Record<string, string | undefined>} variables */
function withVariables(t, variables) {
  for (const [name, value] of Object.entries(variables)) {
    const before = process.env[name];
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
    t.after(() => {
      if (before === undefined) delete process.env[name];
      else process.env[name] = before;
    });
  }
}

test("the chosen instruction set is the widest one that the processor supports completely", { skip: !isX64 }, () => {
  assert.equal(widestSet("fpu sse2 avx"), "baseline");
  assert.equal(widestSet("avx2"), "baseline", "fused products are used too");
  assert.equal(widestSet("fpu avx2 fma"), "avx2");
  assert.equal(widestSet("fma avx2 avx512f avx512cd"), "avx2", "the first processors with AVX-512 lack parts of it");
  assert.equal(widestSet("fma avx2 avx512f avx512vl avx512dq avx512bw"), "avx512");
  assert.equal(widestSet(""), "baseline");
});

test("the kernels to compile are those of the widest set, of the requested one, or of all", { skip: !isX64 }, (t) => {
  withVariables(t, { TSLORA_INSTRUCTIONS: undefined });
  assert.deepEqual(neededSets(), [widestSet()]);
  assert.deepEqual(neededSets({ all: true }), ["baseline", "avx2", "avx512"]);
  process.env["TSLORA_INSTRUCTIONS"] = "";
  assert.deepEqual(neededSets(), [widestSet()]);
  process.env["TSLORA_INSTRUCTIONS"] = "avx2";
  assert.deepEqual(neededSets(), ["avx2"]);
  assert.deepEqual(neededSets({ all: true }), ["baseline", "avx2", "avx512"]);
  for (const wrong of ["AVX2", "avx", "avx2 ", "all", "x".repeat(1000)]) {
    process.env["TSLORA_INSTRUCTIONS"] = wrong;
    assert.throws(
      () => neededSets(),
      (error) =>
        error instanceof Error &&
        error.name === "SetUpError" &&
        /^TSLORA_INSTRUCTIONS must be baseline, avx2, avx512; got "/.test(error.message) &&
        error.message.length < 250,
    );
  }
});

test("on 64-bit Arm, a set of x86-64 and an unknown one are different errors", (t) => {
  withVariables(t, { TSLORA_INSTRUCTIONS: "avx2" });
  assert.throws(
    () => neededSets({ arch: "arm64" }),
    /must name instructions of this processor \(baseline\); got "avx2"/,
  );
  process.env["TSLORA_INSTRUCTIONS"] = "neon";
  assert.throws(() => neededSets({ arch: "arm64" }), /must be baseline, avx2, avx512; got "neon"/);
  for (const right of ["baseline", ""]) {
    process.env["TSLORA_INSTRUCTIONS"] = right;
    assert.deepEqual(neededSets({ arch: "arm64" }), ["baseline"]);
  }
});

test(
  "kernels of a set that is requested later are added; existing ones are not compiled again",
  { skip: !isX64 },
  async (t) => {
    const root = makeFolder(t);
    for (const folder of ["src/setup", "src/ops/kernels"])
      cpSync(join(ROOT, folder), join(root, folder), { recursive: true });
    const log = join(root, "log");
    const compiler = join(root, "compiler");
    // Writes its command line to a log and the object.
    writeFileSync(
      compiler,
      `#!/bin/sh\n[ "$1" = --version ] && exit 0\necho "$@" >> "${log}"\nwhile [ "$1" != -o ]; do shift; done\necho object > "$2"\n`,
    );
    chmodSync(compiler, 0o755);
    // A blank in its path would part CXX into words.
    const link = makeFolder(t).replaceAll(" ", "-");
    t.after(() => rmSync(link, { recursive: true, force: true }));
    cpSync(root, link, { recursive: true });
    withVariables(t, { CXX: join(link, "compiler"), TSLORA_INSTRUCTIONS: "avx2" });
    writeFileSync(join(link, "compiler"), readFileSync(compiler, "utf8").replaceAll(log, join(link, "log")));

    const lock = { adopt: () => undefined, release: () => undefined };
    const make = async (/** @type {boolean} */ allInstructions) => {
      rmSync(join(link, "log"), { force: true });
      const stage = compileKernels(link, { allInstructions });
      await runStages([stage], {
        root: link,
        progress: recordProgress().progress,
        lock,
        signal: new globalThis.AbortController().signal,
      });
      assert.deepEqual(pendingStages([stage], link), []);
      for (const object of compiledKernels(link)) assert.ok(existsSync(object), object);
      return existsSync(join(link, "log")) ? readFileSync(join(link, "log"), "utf8").trim().split("\n") : [];
    };
    const objects = (/** @type {readonly string[]} */ sets) =>
      kernelObjects(allSets().filter((set) => sets.includes(set))).length;

    const first = await make(false);
    assert.equal(first.length, objects(["avx2"]));
    assert.deepEqual(compiledSets(link), ["avx2"]);
    assert.ok(
      first
        .filter((line) => line.includes("-DTSLORA_INSTRUCTIONS_NAME=avx2"))
        .every((line) => flagsOf("avx2").every((flag) => line.includes(flag))),
    );
    process.env["TSLORA_INSTRUCTIONS"] = "avx512";
    assert.equal((await make(false)).length, objects(["avx2", "avx512"]) - objects(["avx2"]));
    assert.deepEqual(compiledSets(link), ["avx2", "avx512"]);
    delete process.env["TSLORA_INSTRUCTIONS"];
    assert.equal((await make(true)).length, objects(allSets()) - objects(["avx2", "avx512"]));
    process.env["TSLORA_INSTRUCTIONS"] = "baseline";
    assert.deepEqual(
      await make(false),
      [],
      "nothing is dropped, and nothing compiled, where a narrower wish comes later",
    );
    assert.deepEqual(compiledSets(link), ["baseline", "avx2", "avx512"]);

    writeFileSync(join(link, "src", "ops", "kernels", "philox.h"), "// another\n", { flag: "a" });
    assert.equal((await make(false)).length, objects(["baseline"]), "of other sources, only what is needed now");
    assert.deepEqual(compiledSets(link), ["baseline"]);
  },
);
