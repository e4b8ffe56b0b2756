import { lstat, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";

import { TsloraError } from "../../base/tslora-error";
import type { CorpusLimits, CorpusProblem } from "../corpus";
import { isText, type StudyFile, type StudyFiles } from "./read-zip";

/**
 * Reads the texts of a folder and its subfolders. Does not follow symbolic links, which may lead outside the folder; a
 * link to a text or a folder is a problem.
 *
 * @throws TsloraError `bad-input` if the folder holds more files or bytes than the limits allow.
 */
export async function readFolder(root: string, limits: CorpusLimits): Promise<StudyFiles> {
  const files: StudyFile[] = [];
  const problems: CorpusProblem[] = [];
  const ignored: string[] = [];
  let entries = 0;
  let total = 0;
  const open = [""];
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
      const name = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        // a folder of a class may have any name
        if (folder !== "" && isText(name))
          problems.push({ kind: "malformed", name, message: "a folder that has the name of a text" });
        else open.push(name);
        continue;
      }
      entries += 1;
      if (entries > limits.maxEntries)
        throw new TsloraError(
          "bad-input",
          `${root} must hold at most ${limits.maxEntries} files (limits.maxEntries); it holds more. Is it the right folder?`,
        );
      const link = entry.isSymbolicLink() && (isText(name) || (await leadsToFolder(join(root, name))));
      if (!isText(name) && !link) ignored.push(name);
      else if (!entry.isFile())
        problems.push({ kind: "link", name, message: "a symbolic link or device, not a file of the folder" });
      else {
        const path = join(root, name);
        total += (await lstat(path)).size;
        if (total > limits.maxUnpackedBytes)
          throw new TsloraError(
            "bad-input",
            `${root} must hold at most ${limits.maxUnpackedBytes} bytes (limits.maxUnpackedBytes); with ${name} it holds more.`,
          );
        files.push({ name, bytes: await readFile(path) });
      }
    }
  }
  return { files, problems, ignored: ignored.sort() };
}

async function leadsToFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (target) => target.isDirectory(),
    () => false,
  );
}
