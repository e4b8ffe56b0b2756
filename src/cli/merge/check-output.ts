import { existsSync, readdirSync, realpathSync } from "node:fs";
import { resolve } from "node:path";

import { isLockFile } from "../../base/lock/lock-file";
import { expectUnlocked } from "../../base/lock/lock-output";
import type { Problems } from "../../base/problems";

/** Weights and configurations that readers would load instead of the merged model's. */
const IN_THE_WAY = /^adapter_|\.bin$|\.index\.json$|^model-\d+-of-\d+\.safetensors$/;

/** Adds a problem for each reason why a model cannot be written into a folder. */
export function checkOutput(
  problems: Problems,
  output: string,
  options: { overwrite: boolean; sources: readonly (string | undefined)[] },
): void {
  const path = resolve(output);
  if (!existsSync(path)) return;
  expectUnlocked(path);
  let names: string[];
  try {
    names = readdirSync(path).filter((name) => !isLockFile(name));
  } catch (error) {
    problems.expect(
      false,
      `--output must be a folder; ${output} cannot be read (${error instanceof Error ? error.message : String(error)})`,
    );
    return;
  }
  const same = options.sources.some(
    (source) => source !== undefined && existsSync(source) && realpathSync(source) === realpathSync(path),
  );
  if (
    !problems.expect(
      !same,
      `--output: ${output} is the folder that the model or the adapter is read from. Give another one`,
    )
  )
    return;
  if (
    !problems.expect(
      names.length === 0 || options.overwrite,
      `--output: ${output} holds files already (${names.slice(0, 3).join(", ")}${names.length > 3 ? ", ..." : ""}). Give another folder, or --overwrite`,
    )
  )
    return;
  const others = names.filter((name) => IN_THE_WAY.test(name));
  problems.expect(
    others.length === 0,
    `--output: ${output} holds other weights (${others.join(", ")}); readers would load them instead of the merged weights. Give another folder, or remove them`,
  );
}
