import { existsSync, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";

import { expandHome } from "../../base/files/expand-home";
import { TsloraError } from "../../base/tslora-error";
import { resolveModel } from "../../hub/resolve-model";

/** The kind of a path or name. */
export type Subject =
  | { readonly kind: "file"; readonly path: string; readonly notice?: undefined }
  | {
      readonly kind: "adapter" | "model";
      readonly path: string;
      readonly checkpoint: boolean;
      readonly id: string;
      readonly notice?: string;
    };

/**
 * Finds what a path or name refers to: a .safetensors or .bin file, an adapter's folder, a model's folder, or a model
 * by name. A folder that also holds the state of a training is a checkpoint.
 *
 * @throws TsloraError `not-found` or `bad-input` that names what it found instead.
 */
export async function findSubject(name: string): Promise<Subject> {
  const path = resolve(expandHome(name));
  if (!existsSync(path)) {
    if (/\.(safetensors|bin)$/.test(name)) throw new TsloraError("not-found", `There is no file at ${path}.`);
    const { id, directory, notice } = await resolveModel(name);
    return {
      kind: "model",
      path: directory,
      id,
      notice,
      checkpoint: existsSync(join(directory, "trainer_state.json")),
    };
  }
  if (!statSync(path).isDirectory()) {
    if (!/\.(safetensors|bin)$/.test(name))
      throw new TsloraError("unsupported", `The subject must be a folder, a .safetensors or a .bin file; got ${name}.`);
    return { kind: "file", path };
  }
  const checkpoint = existsSync(join(path, "trainer_state.json"));
  if (existsSync(join(path, "adapter_config.json"))) return { kind: "adapter", path, id: name, checkpoint };
  if (existsSync(join(path, "config.json"))) return { kind: "model", path, id: name, checkpoint };
  const inside = readdirSync(path).filter((entry) =>
    ["adapter_config.json", "config.json"].some((file) => existsSync(join(path, entry, file))),
  );
  throw new TsloraError(
    "bad-input",
    `${name} must hold config.json (a model) or adapter_config.json (an adapter); it holds neither.${inside.length === 0 ? "" : ` These folders in it do: ${inside.map((entry) => join(name, entry)).join(", ")}.`}`,
  );
}
