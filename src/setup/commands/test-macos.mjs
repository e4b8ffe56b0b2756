// @ts-check
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

import { bindingUnits, kernelUnits, linkCommand } from "../stages/binding-commands.mjs";
import { ZIG_PROGRAM } from "../stages/install-zig.mjs";
import { readMachO } from "./read-mach-o.mjs";
import { SetUpError } from "../tools/set-up-error.mjs";

export const MACOS_HELP = `npm run test:macos
Compiles and links the binding for macOS on Apple's processors (darwin-arm64) with PyPI's ziglang, and checks the library:
its format, processor, code and exported symbols. Running it needs a Mac.`;

/** Symbols that Node looks for when it loads the binding. */
const EXPORTED = ["_napi_register_module_v1"];

/**
 * Compiles the binding for macOS and checks the library.
 *
 * @param {{ root: string }} options
 * @returns {Promise<number>} 1 if a check of the library failed
 */
export async function testMacos({ root }) {
  const folder = mkdtempSync(join(root, ".tslora", "macos-"));
  try {
    const zig = join(root, ZIG_PROGRAM);
    chmodSync(zig, 0o755);
    const compiler = [zig, "c++", "-target", "aarch64-macos"];
    const units = [...kernelUnits(root, { compiler, sets: ["baseline"] }), ...bindingUnits(root, { compiler })];
    const binding = join(folder, "tfjs_binding.node");
    const env = {
      ...process.env,
      ZIG_GLOBAL_CACHE_DIR: join(root, ".tslora", "zig-cache"),
      ZIG_LOCAL_CACHE_DIR: join(root, ".tslora", "zig-cache"),
    };
    const commands = [
      ...units.map(({ commandLine }) => commandLine(folder)),
      linkCommand(root, {
        compiler,
        objects: units.map(({ object }) => join(folder, object)),
        binding,
        libraries: [],
        platform: "darwin",
      }),
    ];
    for (const [command = "", ...parameters] of commands) {
      const { status, stderr } = spawnSync(command, parameters, { encoding: "utf8", env });
      if (status !== 0)
        throw new SetUpError(
          `The binding must compile for macOS; ${parameters.at(-1)} did not:\n${stderr.slice(-2000)}`,
        );
    }
    const { processor, kind, text, exported } = readMachO(readFileSync(binding));
    const problems = [
      ...(processor === "arm64" ? [] : [`its processor must be arm64; got ${processor}`]),
      ...(kind === "dylib" ? [] : [`it must be a dynamic library; got ${kind}`]),
      ...(text.some((byte) => byte !== 0) ? [] : ["its code must not be zeros"]),
      ...EXPORTED.filter((symbol) => !exported.includes(symbol)).map((symbol) => `it must export ${symbol}`),
    ];
    for (const problem of problems) console.error(`The library for macOS: ${problem}.`);
    if (problems.length === 0)
      console.log(
        `darwin-arm64: compiled, not run. Mach-O ${kind}, ${processor}, ${text.length} bytes of code, ${exported.length} exported symbols.`,
      );
    return problems.length === 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
