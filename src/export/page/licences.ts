import { readdir } from "node:fs/promises";
import { join } from "node:path";

import { readJsonObject } from "../../base/files/parse-json-file";
import { readTextFile } from "../../base/files/read-text-file";

const LICENCE = /^(licen[cs]e|copying|notice)(\.\w+)?$/i;
const MODULES = "node_modules/";

/** The licences of the packages that files belong to, as one text. */
export async function licencesOf(files: readonly string[]): Promise<string> {
  const folders = new Set(files.flatMap((file) => packageFolder(file.replaceAll("\\", "/")) ?? []));
  const parts: string[] = ["The scripts of this page hold code of these packages.\n"];
  for (const folder of [...folders].sort()) {
    const { name, version, license } = await readJsonObject(join(folder, "package.json"));
    parts.push(`${"-".repeat(80)}\n${String(name)} ${String(version)}: ${String(license)}\n`);
    for (const file of (await readdir(folder)).filter((entry) => LICENCE.test(entry)))
      parts.push(await readTextFile(join(folder, file)));
  }
  return parts.join("\n");
}

function packageFolder(file: string): string | undefined {
  const at = file.lastIndexOf(MODULES);
  if (at < 0) return undefined;
  const rest = file.slice(at + MODULES.length).split("/");
  return file.slice(0, at + MODULES.length) + rest.slice(0, rest[0].startsWith("@") ? 2 : 1).join("/");
}
