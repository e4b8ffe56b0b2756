import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { studyFacts } from "../../src/report/facts/gather-facts";
import { exampleResults, oldResults } from "../report/example-results";
import { cli } from "./tiny";

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "tslora-cli-report-"));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test("report writes the page, its facts and their schema beside the results", () =>
  withFolder(async (folder) => {
    const path = join(folder, "results.json");
    await writeFile(path, JSON.stringify(exampleResults()));
    const printed = await cli(["report", path]);
    assert.equal(printed.code, 0, printed.err);
    assert.match(printed.out, /^facts: .*study\.json\nreport: .*study\.html\n$/);
    assert.deepEqual((await readdir(folder)).sort(), ["results.json", "study.html", "study.json", "study.schema.json"]);
    const facts = JSON.parse(await readFile(join(folder, "study.json"), "utf8")) as Record<string, unknown>;
    const { written, ...expected } = studyFacts(exampleResults());
    assert.equal(typeof facts.written, "string");
    assert.deepEqual(
      { ...facts, written },
      { $schema: "study.schema.json", ...(JSON.parse(JSON.stringify(expected)) as object), written },
    );
  }));

test("report takes a folder of results, writes to --output-dir, and reads results of older versions", () =>
  withFolder(async (folder) => {
    await writeFile(join(folder, "results.json"), JSON.stringify(oldResults()));
    const printed = await cli(["report", folder, "-o", join(folder, "paper"), "--json"]);
    assert.equal(printed.code, 0, printed.err);
    const { page, bytes } = JSON.parse(printed.out) as { page: string; bytes: number };
    assert.equal(Buffer.byteLength(await readFile(page, "utf8")), bytes);
    assert.deepEqual(await readdir(folder), ["paper", "results.json"]);
  }));

test("results without evaluations are refused by name, and nothing is written", () =>
  withFolder(async (folder) => {
    const path = join(folder, "results.json");
    const { before, baseline, ...rest } = oldResults();
    await writeFile(path, JSON.stringify({ ...rest, seed: "42", before: { ...before, predictions: [{}] } }));
    const printed = await cli(["report", path]);
    assert.equal(printed.code, 2);
    assert.match(printed.err, /before must be an evaluation.*baseline must be an evaluation.*seed must be a number/s);
    assert.doesNotMatch(printed.err, /after must/);
    assert.equal(baseline.n, 60);
    assert.equal((await cli(["report", join(folder, "none.json")])).code, 2);
    assert.deepEqual(await readdir(folder), ["results.json"]);
  }));
