import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { cudaLibraries } from "../../src/device/nvidia";

test("libcusolver is found only where TensorFlow looks: in libcublas' folder, not in its own", async (context) => {
  const folder = await mkdtemp(join(tmpdir(), "tslora-cuda-"));
  const path = process.env.LD_LIBRARY_PATH;
  context.after(async () => {
    if (path !== undefined) process.env.LD_LIBRARY_PATH = path;
    await rm(folder, { recursive: true, force: true });
  });
  delete process.env.LD_LIBRARY_PATH;
  const lib = (part: string): string => join(folder, "nvidia", part, "lib");
  const solver = (): string | undefined => cudaLibraries(folder).find(({ file }) => file === "libcusolver.so.11")?.path;
  const elsewhere = solver(); // a machine's own CUDA
  for (const part of ["cublas", "cusolver"]) await mkdir(lib(part), { recursive: true });
  await writeFile(join(lib("cusolver"), "libcusolver.so.11"), "");
  assert.equal(solver(), elsewhere);
  await symlink(join("..", "..", "cusolver", "lib", "libcusolver.so.11"), join(lib("cublas"), "libcusolver.so.11"));
  assert.equal(solver(), join(lib("cublas"), "libcusolver.so.11"));
});
