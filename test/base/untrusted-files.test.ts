import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { openRegularFile } from "../../src/base/files/open-regular-file";
import { parseUntrustedJson, readJsonObject } from "../../src/base/files/parse-json-file";
import { Problems } from "../../src/base/problems";
import { readTextFile } from "../../src/base/files/read-text-file";
import { shownNames, shownText, shownValue } from "../../src/base/shown-value";
import { readParameterFile } from "../../src/cli/command-options";
import { readConfigFile } from "../../src/cli/options/read-config-file";
import { readRunRecord } from "../../src/classifier/read-run-record";
import { readPmids } from "../../src/corpus/pubmed/read-pmids";
import { readNotebook } from "../../src/notebook/format/read-notebook";
import { readLog } from "../../src/training/log/training-log";
import { TsloraError } from "../../src/base/tslora-error";

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "tslora-files-"));
});
after(() => rm(folder, { recursive: true, force: true }));

const refused = (code: string, message: RegExp) => (error: unknown) =>
  error instanceof TsloraError && error.code === code && message.test(error.message) && error.message.length < 1000;

test("only a regular file is opened: a folder, pipe, socket, device or loop is refused at once", async () => {
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  const socket = join(folder, "socket");
  const server = createServer().listen(socket);
  await new Promise((done) => server.once("listening", done));
  await symlink("loop", join(folder, "loop"));
  await symlink("nowhere", join(folder, "dangling"));
  await symlink(pipe, join(folder, "to-pipe"));
  try {
    await assert.rejects(openRegularFile(folder), refused("bad-input", /must be a file; got a folder/));
    await assert.rejects(openRegularFile(pipe), refused("bad-input", /must be a file; got a named pipe/));
    await assert.rejects(
      openRegularFile(join(folder, "to-pipe")),
      refused("bad-input", /must be a file; got a named pipe/),
    );
    await assert.rejects(openRegularFile(socket), refused("bad-input", /must be a file; got a socket/));
    await assert.rejects(openRegularFile("/dev/zero"), refused("bad-input", /must be a file; got a device/));
    await assert.rejects(
      openRegularFile(join(folder, "loop")),
      refused("bad-input", /cannot be read: its symbolic links lead in a circle/),
    );
    await assert.rejects(
      openRegularFile(join(folder, "dangling")),
      refused("bad-input", /is a link to a file that does not exist/),
    );
    await assert.rejects(openRegularFile(join(pipe, "inside")), refused("not-found", /does not exist/));
    await assert.rejects(openRegularFile(join(folder, "x".repeat(5000))), refused("bad-input", /its name is too long/));
    await assert.rejects(
      openRegularFile(join(folder, "a\0b\n")),
      refused("bad-input", /a\\u0000b\\u000a cannot be read: its name holds a null byte/),
    );
  } finally {
    server.close();
  }
  const path = join(folder, "plain");
  await writeFile(path, "text");
  const { handle, size } = await openRegularFile(path);
  assert.equal(size, 4);
  assert.equal(await handle.readFile("utf8"), "text");
  await handle.close();
});

test("notebooks, configurations and a run's files are read only if they are regular files", async () => {
  const pipe = join(folder, "no-writer"); // opening it for reading never returns
  execFileSync("mkfifo", [pipe]);
  const huge = join(folder, "huge");
  await writeFile(huge, "");
  await truncate(huge, 2 ** 32);
  for (const name of ["config.json", "adapter_config.json", "training_args.json", "trainer_log.jsonl", "pmids.csv"])
    await symlink(pipe, join(folder, name));
  await symlink("/dev/zero", join(folder, "options.yaml"));
  const readers: [string, () => Promise<unknown>, RegExp][] = [
    ["notebook", () => readNotebook(pipe), /^The notebook .* must be a file; got a named pipe/],
    ["notebook, device", () => readNotebook("/dev/zero"), /must be a file; got a device/],
    ["notebook, folder", () => readNotebook(folder), /must be a file; got a folder/],
    ["notebook, huge", () => readNotebook(huge), /must have at most 524,288,000 bytes; it has 4,294,967,296/],
    ["run record", () => readRunRecord(folder), /training_args\.json must be a file; got a named pipe/],
    ["log", () => readLog(join(folder, "trainer_log.jsonl")), /must be a file; got a named pipe/],
    ["list", () => readPmids(join(folder, "pmids.csv")), /must be a file; got a named pipe/],
    ["configuration", () => readConfigFile(join(folder, "options.yaml")), /options\.yaml must be a file; got a device/],
  ];
  for (const [name, read, message] of readers) await assert.rejects(read(), refused("bad-input", message), name);
  assert.deepEqual(await readLog(join(folder, "none.jsonl")), []);
});

test("parameters may come from a pipe, up to a bound", async () => {
  const pipe = join(folder, "parameters");
  execFileSync("mkfifo", [pipe]);
  const [parameters] = await Promise.all([readParameterFile(pipe), writeFile(pipe, "epochs: 3\n")]);
  assert.equal(String(Object.keys(parameters)), "epochs");
  const [read, written] = await Promise.allSettled([
    readTextFile(pipe, { pipe: true, maxBytes: 1000 }),
    writeFile(pipe, "x".repeat(1 << 20)),
  ]);
  assert.equal(written.status, "rejected"); // the reader has gone
  assert.ok(read.status === "rejected");
  assert.ok(refused("bad-input", /must have at most 1,000 bytes; it has at least/)(read.reason));
});

test("a text file that is not UTF-8 or is too large is an error with the caller's name for it", async () => {
  const path = join(folder, "text");
  await writeFile(path, Buffer.from([0xef, 0xbb, 0xbf, 0x61]));
  assert.equal(await readTextFile(path), "\ufeffa");
  await writeFile(path, Buffer.from([0x61, 0xff]));
  await assert.rejects(
    readTextFile(path, { called: "vocab.txt" }),
    refused("bad-input", /^vocab\.txt must be UTF-8 text/),
  );
  await truncate(path, 2 ** 40); // a hole: takes no space
  await assert.rejects(
    readTextFile(path),
    refused("bad-input", /must have at most 268,435,456 bytes; it has 1,099,511,627,776/),
  );
});

test("JSON from outside: depth is bounded, a repeated key is an error, messages are short", async () => {
  const deep = `${"[".repeat(2_000_000)}${"]".repeat(2_000_000)}`;
  assert.throws(
    () => parseUntrustedJson(deep, "x.json"),
    refused("bad-input", /x\.json is nested deeper than 64 levels/),
  );
  assert.throws(
    () => parseUntrustedJson(`${'{"a":'.repeat(100)}1${"}".repeat(100)}`, "x.json"),
    refused("bad-input", /nested deeper/),
  );
  assert.throws(
    () => parseUntrustedJson('{"a": {"b": 1, "c": [1, {"b": 2}], "b": 3}}', "x.json"),
    refused("bad-input", /has the key "b" twice in one object/),
  );
  assert.throws(
    () => parseUntrustedJson('{"ab": 1, "\\u0061b": 2}', "x.json"),
    refused("bad-input", /has the key "ab" twice/),
  );
  assert.throws(
    () => parseUntrustedJson(`{"${"k".repeat(1e6)}": 1, "${"k".repeat(1e6)}": 2}`, "x.json"),
    refused("bad-input", /has the key "kkk.*1,000,000 characters/),
  );
  assert.throws(
    () => parseUntrustedJson(`{"a": ${"x".repeat(1e6)}}`, "x.json"),
    refused("bad-input", /x\.json is not JSON/),
  );
  const text =
    '{"a": "b", "b": ["a", "b", "a", {"a": 1}, {"a": 2}], "c,": {"a": "\\\\\\"{,"}, "": {}, "__proto__": {"x": 1}, "constructor": [[], {}]}';
  assert.deepEqual(parseUntrustedJson(text, "x.json"), JSON.parse(text));
  assert.equal(({} as { x?: number }).x, undefined);
  const path = join(folder, "list.json");
  await writeFile(path, "[1]");
  await assert.rejects(
    readJsonObject(path),
    refused("bad-input", /list\.json must hold a JSON object; it holds \[1\]/),
  );
});

test("a value of any size or depth is shown briefly", () => {
  let deep: unknown = 1;
  for (let i = 0; i < 100_000; i++) deep = [deep];
  assert.equal(shownValue(deep), "[[[[…]]]]");
  assert.equal(shownValue("😀".repeat(60)), `${JSON.stringify("😀".repeat(40))}… (120 characters)`);
  assert.equal(shownValue("a😀", 2), '"a"… (3 characters)');
  assert.ok(shownValue({ a: Array.from({ length: 1e6 }, (_, i) => i), b: "x".repeat(1e7) }).length < 200);
  assert.equal(shownValue({ a: [1, "b", null] }), '{"a": [1, "b", null]}');
  assert.deepEqual(
    [shownValue(undefined), shownValue(null), shownValue(NaN), shownValue(12n)],
    ["undefined", "null", "NaN", "12"],
  );
  assert.equal(shownNames(["a", "b", "c"], 2), '"a", "b" and 1 more');
  assert.equal(shownText("x".repeat(5000), 10), "xxxxx … (4,990 characters left out) … xxxxx");
});

test("the error of very many problems, or of a very long one, is short", () => {
  const problems = new Problems("here");
  for (let i = 0; i < 1e5; i++) problems.expect(false, `problem ${i} ${"x".repeat(i < 20 ? 1e6 : 10)}`);
  assert.equal(problems.count, 1e5);
  assert.throws(
    () => problems.throwIfAny(),
    (error: unknown) =>
      error instanceof TsloraError && error.message.length <= 10_100 && /and 99,970 more$/.test(error.message),
  );
  assert.ok(new TsloraError("bad-input", "y".repeat(1e7)).message.length < 10_100);
});
