// @ts-check
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { findTool } from "../../src/setup/tools/find-tool.mjs";
import { hashFiles } from "../../src/setup/tools/hash-files.mjs";
import { linkPackages } from "../../src/setup/stages/install-packages.mjs";
import { listFiles } from "../../src/setup/tools/list-files.mjs";
import { measureFolder } from "../../src/setup/tools/measure-folder.mjs";
import { PARTS } from "../../src/setup/commands/pack-clone.mjs";
import { stagesOf } from "../../src/setup/set-up.mjs";
import { makeFolder, ROOT } from "./workbench.mjs";

test("a folder's hash depends on names and contents, and on nothing else", (t) => {
  const root = makeFolder(t);
  mkdirSync(join(root, "src", "b"), { recursive: true });
  writeFileSync(join(root, "src", "b", "file"), "text");
  writeFileSync(join(root, "src", "a"), "text");
  const hash = () => hashFiles(root, { paths: ["src", "absent"], leaveOut: ["src/left"] });
  const first = hash();
  assert.deepEqual(listFiles(root, "src"), ["src/a", "src/b/file"]);
  writeFileSync(join(root, "src", "a"), "text"); // a new time
  mkdirSync(join(root, "src", "left"));
  writeFileSync(join(root, "src", "left", "file"), "text");
  assert.equal(hash(), first);
  writeFileSync(join(root, "src", "a"), "texT");
  assert.notEqual(hash(), first);
});

test("a folder's size is that of its files", async (t) => {
  const root = makeFolder(t);
  mkdirSync(join(root, "inner"));
  writeFileSync(join(root, "inner", "file"), "12345");
  writeFileSync(join(root, "file"), "123");
  assert.equal(await measureFolder(root), 8);
  assert.equal(await measureFolder(join(root, "file")), 3);
  assert.equal(await measureFolder(join(root, "absent")), 0);
});

test("the copy of TensorFlow that npm installs for danfojs is replaced by a link, also after a later npm install", (t) => {
  const packages = join(makeFolder(t), "node_modules");
  const copy = join(packages, "@tensorflow", "tfjs-node");
  for (let round = 0; round < 2; round++) {
    mkdirSync(copy, { recursive: true });
    writeFileSync(join(copy, "package.json"), "{}");
    linkPackages(packages);
    assert.equal(readlinkSync(copy), "tfjs-node-gpu");
    assert.equal(readlinkSync(join(packages, "tslora")), "../.tslora/package");
    assert.equal(readlinkSync(join(packages, ".bin", "tslora")), "../../src/setup/tslora.mjs");
    if (round === 0) spawnSync("rm", [copy]);
  }
  assert.ok(
    lstatSync(join(ROOT, "src", "setup", "tslora.mjs")).mode & 0o100,
    "what the command links to can be executed",
  );
});

/**
 * Makes a wheel in Python, unpacks it with the script under test, and returns the result.
 * @param {import("node:test").TestContext} t
 * @param {{ files: Record<string, string>, damage?: string, patterns: string[] }} wheel  `damage` is a file that
 *   differs from its entry in RECORD
 */
function unpack(t, { files, damage = "", patterns }) {
  const found = findTool("python");
  assert.ok("commandLine" in found);
  const [python = ""] = found.commandLine;
  const folder = makeFolder(t);
  const make = `
import base64, hashlib, json, sys, zipfile
path, files, damage = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
    rows = []
    for name, text in files.items():
        wheel.writestr(name, text)
        known = (text.upper() if name == damage else text).encode()
        rows.append(f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(known).digest()).rstrip(b'=').decode()},{len(known)}")
    wheel.writestr("a-1.dist-info/RECORD", "\\n".join(rows))
`;
  const wheel = join(folder, "a-1-py3-none-any.whl");
  assert.equal(spawnSync(python, ["-c", make, wheel, JSON.stringify(files), damage]).status, 0);
  const target = join(folder, "target");
  mkdirSync(target);
  const { status, stderr } = spawnSync(
    python,
    [join(ROOT, "src", "setup", "tools", "unpack-wheel.py"), wheel, target, "a/", ...patterns],
    { encoding: "utf8" },
  );
  return { folder, target, status, stderr };
}

test("the files of a wheel that match a pattern are unpacked", (t) => {
  const { target, status, stderr } = unpack(t, {
    files: { "a/lib.so": "library", "a/inner/file.h": "header", "a/other.py": "python", "b/lib.so": "other" },
    patterns: ["a/lib.so", "a/inner/*.h"],
  });
  assert.equal(status, 0, stderr);
  assert.deepEqual(readdirSync(target).sort(), ["inner", "lib.so"]);
  assert.equal(readFileSync(join(target, "inner", "file.h"), "utf8"), "header");
});

test("a file that does not match the wheel's RECORD is refused", (t) => {
  const { status, stderr } = unpack(t, { files: { "a/lib.so": "library" }, damage: "a/lib.so", patterns: ["a/*"] });
  assert.equal(status, 1);
  assert.match(stderr, /a\/lib\.so is 7 bytes with sha256=\S+ but RECORD says/);
});

test("a name that leaves the folder is refused, and so are patterns that match nothing", (t) => {
  const escaping = unpack(t, { files: { "a/../../escaped": "text" }, patterns: ["*"] });
  assert.equal(escaping.status, 1);
  assert.match(escaping.stderr, /leaves the folder/);
  assert.deepEqual(readdirSync(escaping.folder).sort(), ["a-1-py3-none-any.whl", "target"]);
  assert.match(
    unpack(t, { files: { "a/lib.so": "library" }, patterns: ["no/*"] }).stderr,
    /no file is named like \['no\/\*'\]/,
  );
});

test("a packed clone contains every part that a command without extras needs", () => {
  for (const { name, place } of stagesOf().filter(({ place }) => place.startsWith(".tslora/")))
    assert.ok(PARTS.includes(place.split("/")[1] ?? ""), name);
  assert.ok(PARTS.includes("done"));
});

test("each stage comes after those on which it depends", () => {
  const stages = stagesOf({ lab: true, reference: true, conformance: true, swiftshader: true, allInstructions: true });
  for (const [index, { name, after = [] }] of stages.entries()) {
    for (const each of after)
      assert.ok(stages.findIndex((stage) => stage.name === each) < index, `${name} after ${each}`);
  }
});
