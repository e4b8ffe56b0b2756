import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import "../../src/ops/node-shims"; // first
import * as danfojs from "danfojs-node";

import { projectRoot } from "../../src/base/project-root";
import { loadTensorFlow } from "../../src/ops/load-tensorflow";

const ROWS = [
  ["a, quoted", 1],
  ["b", 2],
];
const CSV = 'text,label\n"a, quoted",1\nb,2\n';
const JSON_TEXT = JSON.stringify(ROWS.map(([text, label]) => ({ text, label })));

/** A danfojs reader's result, as its rows. */
function rowsOf(frame: unknown): unknown {
  return (frame as danfojs.DataFrame).values;
}

test("danfojs reads CSV, JSON and Excel files with the packages that package.json puts in place of its own", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tslora-danfojs-"));
  try {
    const path = (name: string): string => join(folder, name);
    await writeFile(path("a.csv"), CSV);
    await writeFile(path("a.json"), JSON_TEXT);
    assert.deepEqual(rowsOf(await danfojs.readCSV(path("a.csv"))), ROWS);
    assert.deepEqual(rowsOf(await danfojs.readJSON(path("a.json"))), ROWS);
    danfojs.toExcel(new danfojs.DataFrame(ROWS, { columns: ["text", "label"] }), { filePath: path("a.xlsx") });
    assert.deepEqual(rowsOf(await danfojs.readExcel(path("a.xlsx"))), ROWS);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("danfojs reads CSV and JSON from a server", async () => {
  const server = createServer((request, response) => response.end(request.url === "/a.csv" ? CSV : JSON_TEXT)).listen(
    0,
    "127.0.0.1",
  );
  await once(server, "listening");
  try {
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    assert.deepEqual(rowsOf(await danfojs.readCSV(`${address}/a.csv`)), ROWS);
    assert.deepEqual(rowsOf(await danfojs.readJSON(`${address}/a.json`)), ROWS);
  } finally {
    server.close();
  }
});

test("TensorFlow loads and computes", () => {
  const { tf } = loadTensorFlow();
  assert.deepEqual([...tf.tensor1d([1, 2]).mul(2).dataSync()], [2, 4]);
});

test("the lock file has no version that an advisory names", () => {
  const lock = JSON.parse(readFileSync(join(projectRoot(), "package-lock.json"), "utf8")) as {
    packages: Record<string, { version?: string; name?: string }>;
  };
  const found = Object.entries(lock.packages).map(([path, { name, version = "" }]) => ({
    name: name ?? path.replace(/^.*node_modules\//, ""),
    version,
  }));
  const parts = (version: string): number[] => version.split(".").map(Number);
  const isBelow = (version: string, limit: string): boolean => {
    const [a, b] = [parts(version), parts(limit)];
    const place = a.findIndex((part, index) => part !== b[index]);
    return place >= 0 && a[place] < b[place];
  };
  // The first version without the advisory's fault; none of request, and none of xlsx on npm.
  const safe: Record<string, string> = {
    request: "99.0.0",
    xlsx: "99.0.0",
    "form-data": "4.0.4",
    "tough-cookie": "4.1.3",
    tar: "7.5.4",
    qs: "6.14.1",
  };
  assert.deepEqual(
    found.filter(({ name, version }) => Object.hasOwn(safe, name) && isBelow(version, safe[name])),
    [],
  );
});
