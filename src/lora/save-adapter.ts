import { join } from "node:path";

import { lockFolder } from "../base/lock/lock-output";
import { writeAtomically } from "../base/files/write-atomically";
import { writeSafetensors } from "../model/weights/write-safetensors";
import { PAIRS_KEY, type Adapter } from "./adapter";
import { DEFAULT_NAME } from "./adapter-set";
import { toPeftConfig } from "./peft-config";

/** An adapter's files in peft's format. */
export interface SavedAdapter {
  /** The folder that holds them. */
  readonly directory: string;
  readonly files: readonly string[];
}

/**
 * Saves an adapter as peft does: `adapter_model.safetensors` with all trained weights, and `adapter_config.json`. The
 * default adapter is saved in the folder itself, another one in a subfolder with its name. Python reads it with
 * `PeftModel.from_pretrained(base, directory)`. Each file is written under a temporary name and renamed; the
 * configuration comes last.
 *
 * @param options.baseModel - the value of `base_model_name_or_path`
 * @param options.besides - writes further files into the folder, before the configuration, and returns their names
 */
export async function saveAdapter(
  adapter: Adapter,
  options: { directory: string; baseModel: string; besides?: (directory: string) => Promise<readonly string[]> },
): Promise<SavedAdapter> {
  const directory = adapter.name === DEFAULT_NAME ? options.directory : join(options.directory, adapter.name);
  const tensors = adapter
    .parameters()
    .map((parameter) => ({ name: parameter.name, shape: parameter.shape, values: () => parameter.read() }));
  const lock = lockFolder(directory, { purpose: "saving" });
  try {
    const metadata = { format: "pt", ...(adapter.takesPairs ? { [PAIRS_KEY]: "true" } : {}) };
    await writeSafetensors(join(directory, "adapter_model.safetensors"), { tensors, metadata });
    const besides = (await options.besides?.(directory)) ?? [];
    await writeAtomically(
      join(directory, "adapter_config.json"),
      `${JSON.stringify(toPeftConfig(adapter.config, options.baseModel), undefined, 2)}\n`,
    );
    return { directory, files: ["adapter_model.safetensors", ...besides, "adapter_config.json"] };
  } finally {
    lock.release();
  }
}
