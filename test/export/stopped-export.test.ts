import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { after, before, test } from "node:test";

import { loadClassifier } from "../../src/classifier/load-classifier";
import { exportOnnx } from "../../src/export/export-onnx";
import { MAIN, tinyModel } from "../cli/tiny";

let root = "";
let source = "";
before(async () => {
  root = await mkdtemp(join(tmpdir(), "tslora-stopped-"));
  source = await tinyModel(root);
});
after(() => rm(root, { recursive: true, force: true }));

const namesIn = async (folder: string): Promise<string[]> =>
  existsSync(folder) ? (await readdir(folder, { recursive: true })).sort() : [];

/** Every file of a folder with its bytes. */
async function contentOf(folder: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  return new Map(await Promise.all(paths.map(async (path) => [path, await readFile(path, "base64")] as const)));
}

test("an aborted export leaves the folder as it was, and the classifier with its adapter", async () => {
  const output = join(root, "aborted");
  const classifier = await loadClassifier(source, { labels: ["a", "b"] });
  await classifier.loadAdapter(join(source, "adapter"));
  await assert.rejects(exportOnnx(classifier, output, { signal: AbortSignal.abort() }), {
    code: "aborted",
    message: /The export was stopped; .*aborted is as it was\./,
  });
  assert.deepEqual(await namesIn(output), []);
  assert.equal(classifier.adapterState, "active");
  await exportOnnx(classifier, output, { quantize: "int8" });
  const whole = await contentOf(output);
  const again = { signal: AbortSignal.abort(), overwriteOutputDir: true };
  await assert.rejects(exportOnnx(classifier, output, again), { code: "aborted" });
  assert.deepEqual(await contentOf(output), whole);
  classifier.dispose();
});

test("Ctrl-C while tslora export writes: exit code 130, and nothing half-written", async () => {
  const trained = join(root, "trained");
  const classifier = await loadClassifier("embedded", { labels: ["a", "b"] });
  await classifier.saveModel(trained, { allowUntrained: true });
  classifier.dispose();
  const output = join(root, "interrupted");
  const child = spawn(process.execPath, [MAIN, "export", "--model", trained, "-o", output], { stdio: "pipe" });
  const ended = once(child, "close");
  let printed = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (printed += text));
  while (child.exitCode === null && !(await namesIn(output)).some((name) => name.includes("incomplete")))
    await sleep(1);
  child.kill("SIGINT");
  const [code] = (await ended) as [number | null];
  assert.equal(code, 130, printed);
  assert.match(printed, /Stopping: the folder stays as it was\.[\s\S]*The export was stopped/);
  assert.deepEqual(await namesIn(output), []);
});

test(
  "a full disk while tslora export writes: a short error, and the earlier export is unchanged",
  { skip: process.platform === "win32" ? "Windows has no limit of a file's size" : false },
  async () => {
    const output = join(root, "full");
    const flags = ["export", "--model", source, "-o", output, "--overwrite-output-dir"];
    const run = async (blocks: string): Promise<{ code: number | null; printed: string }> => {
      const command = `ulimit -f ${blocks} && exec "$0" "$@"`; // in blocks of 1024 bytes, as bash counts
      const child = spawn("bash", ["-c", command, process.execPath, MAIN, ...flags], {
        stdio: "pipe",
        env: { ...process.env, NODE_COMPILE_CACHE: "", NODE_DISABLE_COMPILE_CACHE: "1" },
      });
      let printed = "";
      child.stderr.setEncoding("utf8").on("data", (text: string) => (printed += text));
      const [code] = (await once(child, "close")) as [number | null];
      return { code, printed };
    };
    const refused = await run("8");
    assert.match(refused.printed, /could not be written: the file would be too large \(EFBIG\)/);
    assert.equal(refused.code, 1);
    assert.deepEqual(await namesIn(output), []);
    assert.equal((await run("unlimited")).code, 0);
    const whole = await contentOf(output);
    assert.equal((await run("8")).code, 1);
    assert.deepEqual(await contentOf(output), whole);
  },
);
