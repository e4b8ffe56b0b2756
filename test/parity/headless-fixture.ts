import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { openSafetensors } from "../../src/model/weights/read-safetensors";
import { writeSafetensors, type TensorToWrite } from "../../src/model/weights/write-safetensors";
import { fixtureDirectory } from "../model/fixture";

/**
 * A copy of a tiny model without its classifier, which loading initializes, for any number of labels. Its
 * dropout rates are 0.
 */
export async function headlessFixture(kind: string, { folder }: { folder: string }): Promise<string> {
  const directory = join(folder, `headless-${kind}`);
  await mkdir(directory, { recursive: true });
  const file = await openSafetensors(join(fixtureDirectory(kind), "model.safetensors"));
  const tensors: TensorToWrite[] = [];
  for (const { name, shape } of file.entries.values())
    if (!/classifier\./.test(name)) tensors.push({ name, shape, values: await file.readFloats(name) });
  await file.close();
  await writeSafetensors(join(directory, "model.safetensors"), { tensors, metadata: { format: "pt" } });
  const config = await readFile(join(fixtureDirectory(kind), "config.json"), "utf8");
  await writeFile(join(directory, "config.json"), config.replace(/(?<="\w*dropout\w*": )[\d.]+/g, "0.0"));
  return directory;
}
