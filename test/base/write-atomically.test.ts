import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { faultText } from "../../src/base/files/file-fault";
import { TsloraError } from "../../src/base/tslora-error";
import { writeAtomically } from "../../src/base/files/write-atomically";
import { withFolder } from "../notebook/notebooks";

test("a file is replaced atomically, keeps its permissions, and links to it stay valid", () =>
  withFolder(async (folder) => {
    const path = join(folder, "a.txt");
    await writeFile(path, "old");
    await chmod(path, 0o600);
    await symlink(path, join(folder, "link"));
    await writeAtomically(join(folder, "link"), ["new ", Buffer.from("content"), " 😀"]);
    assert.equal(await readFile(path, "utf8"), "new content 😀");
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.deepEqual((await readdir(folder)).sort(), ["a.txt", "link"]);
  }));

test("a link to a file that does not exist yet stays a link, and the file is made", () =>
  withFolder(async (folder) => {
    await mkdir(join(folder, "other disk"));
    await symlink(join("other disk", "results.json"), join(folder, "first"));
    await symlink("first", join(folder, "second"));
    await writeAtomically(join(folder, "second"), "{}");
    assert.equal(await readFile(join(folder, "other disk", "results.json"), "utf8"), "{}");
    assert.deepEqual((await readdir(folder)).sort(), ["first", "other disk", "second"]);
    await writeAtomically(join(folder, "first"), "[]");
    assert.equal(await readFile(join(folder, "second"), "utf8"), "[]");
  }));

test("a private file is at no time readable by others, and a new one follows the process's mask", () =>
  withFolder(async (folder) => {
    const path = join(folder, "private");
    await writeFile(path, "old", { mode: 0o600 });
    const seen: number[] = [];
    async function* parts(): AsyncGenerator<string> {
      for (const part of ["a", "b"]) {
        yield part;
        for (const name of await readdir(folder)) seen.push((await stat(join(folder, name))).mode & 0o077);
      }
    }
    await writeAtomically(path, parts());
    assert.ok(seen.length >= 2 && seen.every((mode) => mode === 0), seen.join());
    const mask = process.umask(0o027);
    try {
      await writeAtomically(join(folder, "new"), "x");
    } finally {
      process.umask(mask);
    }
    assert.equal((await stat(join(folder, "new"))).mode & 0o777, 0o640);
  }));

test("a path that cannot be written gives an error of one line with the reason, and leaves no file", () =>
  withFolder(async (folder) => {
    await writeFile(join(folder, "file"), "");
    await mkdir(join(folder, "folder"));
    for (const [path, expected] of [
      [join(folder, "file", "a.txt"), /ENOTDIR/],
      [join(folder, "folder"), /it is a folder \(EISDIR\)/],
      [join(folder, "n".repeat(300)), /the name is too long \(ENAMETOOLONG\)/],
    ] as const) {
      await assert.rejects(
        writeAtomically(path, "x"),
        (error: unknown) =>
          error instanceof TsloraError &&
          error.code === "not-saved" &&
          expected.test(error.message) &&
          !error.message.includes("\n"),
      );
    }
    const long = join(folder, `${"n".repeat(250)}.txt`);
    await writeAtomically(long, "x"); // longer with an ending, and still a name
    assert.equal(await readFile(long, "utf8"), "x");
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.endsWith(".incomplete")),
      [],
    );
    // parts that fail leave no half of a file
    async function* broken(): AsyncGenerator<string> {
      yield "half";
      await Promise.reject(Object.assign(new Error("ENOSPC: no space"), { code: "ENOSPC", syscall: "write" }));
    }
    await assert.rejects(writeAtomically(join(folder, "half"), broken()), /no space is left on the disk \(ENOSPC\)/);
    assert.ok(!(await readdir(folder)).some((name) => name.startsWith("half")));
  }));

test("an error of making the content that is not the system's is thrown as it is, and no file is left", () =>
  withFolder(async (folder) => {
    for (const mistake of [new TypeError("x is not a function"), new RangeError("4"), new Error("stopped")]) {
      async function* broken(): AsyncGenerator<string> {
        yield "half";
        await Promise.reject(mistake);
      }
      await assert.rejects(writeAtomically(join(folder, "a.txt"), broken()), (error: unknown) => error === mistake);
      assert.deepEqual(await readdir(folder), []);
    }
  }));

test(
  "a device is written to and stays a device; one that is full is an error in one line",
  { skip: process.platform !== "linux" },
  async () => {
    await assert.rejects(
      writeAtomically("/dev/full", "x"),
      /\/dev\/full could not be written: no space is left on the disk \(ENOSPC\)\./,
    );
    assert.ok((await stat("/dev/full")).isCharacterDevice());
    await writeAtomically("/dev/null", "x");
    assert.ok((await stat("/dev/null")).isCharacterDevice());
  },
);

test("system errors get a plain description; other errors keep their message", () => {
  for (const [code, words] of [
    ["EMFILE", "too many files are open"],
    ["EROFS", "read-only"],
    ["EACCES", "permission denied"],
  ]) {
    assert.match(
      faultText(Object.assign(new Error("raw"), { code, syscall: "open" })),
      new RegExp(`${words}.* \\(${code}\\)`),
    );
  }
  assert.equal(faultText(new Error("of our own")), "of our own");
});

test(
  "a command reports in one line that its output cannot be written, and ends silently if its reader ends",
  { skip: process.platform !== "linux" },
  () => {
    const program = join(__dirname, "..", "..", "src", "cli", "main.js");
    const run = (redirected: string): { status: number | null; stderr: string } =>
      spawnSync("bash", ["-c", `"$0" "$1" ${redirected}`, process.execPath, program], { encoding: "utf8" });
    const full = run("run --help > /dev/full");
    assert.equal(full.status, 1);
    assert.match(full.stderr, /^Standard output could not be written: no space is left on the disk \(ENOSPC\)\.\n$/);
    const gone = run("run --help | true; exit ${PIPESTATUS[0]}");
    assert.ok(gone.status === 0 || gone.status === 141, String(gone.status));
    assert.equal(gone.stderr, "");
  },
);
