import { join } from "node:path";

import { expandHome } from "../../base/files/expand-home";
import { sha256OfFile } from "../../base/files/sha256-of-file";
import { sha256Of } from "../../base/sha256-of";
import { ADAPTER_WEIGHTS } from "../../model/weights/weight-files";

/**
 * The SHA-256 of all files that loading an adapter may read: in its folder, or in the subfolder of its name. A file
 * that cannot be read counts as missing; loading reports it. Other files of the folder, such as logs, may change.
 *
 * @throws TsloraError `bad-input` for an empty path
 */
export async function adapterHash(name: string, directory: string): Promise<string> {
  const folder = expandHome(directory);
  const hashes: string[] = [];
  for (const place of [folder, join(folder, name)])
    for (const file of ["adapter_config.json", ...ADAPTER_WEIGHTS])
      hashes.push(await sha256OfFile(join(place, file)).catch(() => "missing"));
  return sha256Of(hashes.join("\n"));
}
