import { basename } from "node:path";

import { listTree } from "../../base/files/list-tree";

/** Names of files that Finder and NFS add to folders by themselves. */
const FOREIGN = /^(\.DS_Store|\._.*|\.nfs[0-9A-Fa-f]+)$/;

/** The paths of a result's files, without those that the system adds: `.DS_Store`, `._NAME` and `.nfs…`. */
export async function resultFiles(folder: string): Promise<string[]> {
  const { files } = await listTree(folder);
  return files.filter((path) => !FOREIGN.test(basename(path)));
}
