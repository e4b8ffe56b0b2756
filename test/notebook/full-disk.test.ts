import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

import { readNotebook } from "../../src/notebook/format/read-notebook";
import { fixture } from "./notebooks";
import { withOddKernel, type OddStep } from "./odd-kernel";
import type { SmallDiskEnd, SmallDiskTask } from "./small-disk-child";

/** Options of {@link runOnDisk}. */
interface DiskOptions {
  /** The folder that is the disk; the notebook is saved as `a.ipynb` there. */
  readonly disk: string;
  readonly cells: readonly (readonly OddStep[])[];
  readonly isReadOnly?: boolean;
}

/** Runs a notebook in a process of its own, which saves it on a disk of 300 kB. */
async function runOnDisk({ disk, cells, isReadOnly = false }: DiskOptions): Promise<SmallDiskEnd> {
  const task: SmallDiskTask = { cells, outputPath: join(disk, "a.ipynb"), cwd: disk };
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--require", fixture("small-disk.cjs"), join(__dirname, "small-disk-child.js"), JSON.stringify(task)],
    { env: { ...process.env, TSLORA_TEST_DISK: JSON.stringify({ folder: disk, bytes: 300_000, isReadOnly }) } },
  );
  return JSON.parse(stdout) as SmallDiskEnd;
}

/** Runs work with an empty folder where the odd kernel is found. */
function withDisk(work: (disk: string) => Promise<void>): Promise<void> {
  return withOddKernel(async (folder) => {
    const disk = join(folder, "disk");
    await mkdir(disk);
    await work(disk);
  });
}

test("on a full disk the run continues, the file stays as last saved, and the end is an error; with room again it is saved", () =>
  withDisk(async (disk) => {
    const cells = [[["print", "kept"]], [["print-many", 400_000]], [["print", "the third"]]] as const;
    const { events, summary, error } = await runOnDisk({ disk, cells });
    assert.equal(error?.code, "not-saved");
    assert.match(error.message, /no space is left on the disk \(ENOSPC\)/);
    assert.deepEqual(summary, { status: "ok", cells: 3 }, "the end event has the result");
    assert.ok(events.includes("not-saved"));
    assert.match(JSON.stringify(await readNotebook(join(disk, "a.ipynb"))), /kept/);
    assert.deepEqual(await readdir(disk), ["a.ipynb"], "no part of a file is left");

    const again = await runOnDisk({ disk, cells: [[["print", "small again"]]] });
    assert.equal(again.error, undefined);
    assert.match(JSON.stringify(await readNotebook(join(disk, "a.ipynb"))), /small again/);
  }));

test("a read-only folder is refused before the kernel starts", () =>
  withDisk(async (disk) => {
    const { events, error } = await runOnDisk({ disk, cells: [[["print", "a"]]], isReadOnly: true });
    assert.equal(error?.code, "bad-option");
    assert.match(error.message, /cannot be saved as .*the file system is read-only \(EROFS\)/);
    assert.deepEqual(events, []);
  }));
