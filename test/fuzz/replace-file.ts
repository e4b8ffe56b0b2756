import { execFileSync } from "node:child_process";
import { mkdir, open, rm, symlink, writeFile } from "node:fs/promises";

import type { Random } from "../../src/base/random";

/** A size that no text of JavaScript can have: 2^30 bytes of zeros, of which the disk holds none. */
const SPARSE = 2 ** 30;

/** Puts something else where a file is expected: a folder, a pipe, a link to nothing, nothing at all. */
export async function replaceFile(path: string, random: Random): Promise<string> {
  await rm(path, { recursive: true, force: true });
  switch (random.below(8)) {
    case 0:
      await mkdir(path);
      return "is a folder";
    case 1:
      execFileSync("mkfifo", [path]);
      return "is a named pipe";
    case 2:
      await symlink(`${path}.gone`, path);
      return "is a link to nothing";
    case 3:
      await symlink(path, path);
      return "is a link to itself";
    case 4:
      await symlink("/dev/zero", path);
      return "is a link to /dev/zero";
    case 5:
      await writeFile(path, "");
      return "is empty";
    case 6: {
      const file = await open(path, "w");
      await file.truncate(SPARSE);
      await file.close();
      return `is ${SPARSE} zeros`;
    }
    default:
      return "is missing";
  }
}
