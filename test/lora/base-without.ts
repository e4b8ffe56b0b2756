import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { openSafetensors } from "../../src/model/weights/read-safetensors";
import { writeSafetensors } from "../../src/model/weights/write-safetensors";
import { fixtureDirectory } from "../model/fixture";

/** Copies a tiny model's folder without some of its weights, as a checkpoint of another head lacks them. */
export async function baseWithout(
  kind: string,
  { folder, without }: { folder: string; without: RegExp },
): Promise<string> {
  await cp(fixtureDirectory(kind), folder, { recursive: true });
  const file = await openSafetensors(join(fixtureDirectory(kind), "model.safetensors"));
  const tensors = [];
  for (const { name, shape } of file.entries.values())
    if (!without.test(name)) tensors.push({ name, shape, values: await file.readFloats(name) });
  await file.close();
  await writeSafetensors(join(folder, "model.safetensors"), { tensors, metadata: { format: "pt" } });
  return folder;
}

/** Changes an adapter's configuration in its folder. */
export async function changeConfig(directory: string, change: Readonly<Record<string, unknown>>): Promise<void> {
  const path = join(directory, "adapter_config.json");
  await writeFile(path, JSON.stringify({ ...(JSON.parse(await readFile(path, "utf8")) as object), ...change }));
}

/** Takes tensors out of an adapter's file. */
export async function dropTensors(directory: string, dropped: RegExp): Promise<void> {
  const path = join(directory, "adapter_model.safetensors");
  const file = await openSafetensors(path);
  const tensors = [];
  for (const { name, shape } of file.entries.values())
    if (!dropped.test(name)) tensors.push({ name, shape, values: await file.readFloats(name) });
  await file.close();
  await writeSafetensors(path, { tensors, metadata: { format: "pt" } });
}
