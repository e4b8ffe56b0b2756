import { cp } from "node:fs/promises";
import { join } from "node:path";

import { openSafetensors } from "../../src/model/weights/read-safetensors";
import { writeSafetensors, type TensorToWrite } from "../../src/model/weights/write-safetensors";
import { fixtureDirectory } from "../model/fixture";

/** A copy of a tiny model without its classifier, which is drawn anew when it is loaded: for any number of labels. */
export async function headlessFixture(kind: "bert" | "distilbert", { folder }: { folder: string }): Promise<string> {
  const directory = join(folder, `headless-${kind}`);
  const file = await openSafetensors(join(fixtureDirectory(kind), "model.safetensors"));
  const tensors: TensorToWrite[] = [];
  for (const { name, shape } of file.entries.values())
    if (!/classifier\./.test(name)) tensors.push({ name, shape, values: await file.readFloats(name) });
  await file.close();
  await writeSafetensors(join(directory, "model.safetensors"), { tensors, metadata: { format: "pt" } });
  await cp(join(fixtureDirectory(kind), "config.json"), join(directory, "config.json"));
  return directory;
}
