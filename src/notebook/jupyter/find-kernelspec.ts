import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { shownValue } from "../../base/shown-value";
import { TsloraError } from "../../base/tslora-error";
import { isRecord } from "../../base/json";
import { parseJson } from "../format/parse-json";
import { TSLAB_DIALECT } from "../tslab/tslab-dialect";
import { jupyterPaths } from "./jupyter-paths";
import type { KernelSpec } from "./kernel-spec";
import { OWN_KERNEL_NAMES, ownKernelSpec } from "./own-kernels";
import { STANDARD_DIALECT } from "./standard-dialect";

/**
 * Finds a kernel by name. `tslora` (the extended tslab of the clone's Jupyter Lab), `tslab` (TypeScript) and `jslab`
 * (JavaScript) are this clone's own and need no Jupyter; others are looked up in Jupyter's folders.
 *
 * @throws TsloraError `not-found` that lists the known kernels, `bad-input` for a broken kernel.json.
 */
export function findKernelSpec(name: string): KernelSpec {
  const own = ownKernelSpec(name);
  if (own !== undefined) return own;
  const folders = jupyterPaths().map((path) => join(path, "kernels"));
  for (const folder of folders) {
    const match = namesIn(folder).find((found) => found.toLowerCase() === name.toLowerCase());
    if (match !== undefined) return readKernelSpec(join(folder, match), match);
  }
  const known = [...new Set([...OWN_KERNEL_NAMES, ...folders.flatMap(namesIn)])];
  throw new TsloraError(
    "not-found",
    `There is no kernel called ${shownValue(name)}; found ${known.join(", ")}. ` +
      `Choose one with --kernel, or install its kernelspec (searched: ${folders.join(", ")}).`,
    { details: { name, known, folders } },
  );
}

function namesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => existsSync(join(folder, name, "kernel.json")));
}

function readKernelSpec(folder: string, name: string): KernelSpec {
  const path = join(folder, "kernel.json");
  const spec = parseJson(readFileSync(path, "utf8"), path);
  const argv = isRecord(spec) ? spec.argv : undefined;
  if (!isRecord(spec) || !Array.isArray(argv) || argv.length === 0 || !argv.every((arg) => typeof arg === "string"))
    throw new TsloraError(
      "bad-input",
      `${path} must have "argv", a list of strings. Repair or remove this kernelspec.`,
      { details: { path } },
    );
  const prefix = dirname(dirname(dirname(dirname(folder)))); // <prefix>/share/jupyter/kernels/<name>
  return {
    name,
    displayName: typeof spec.display_name === "string" ? spec.display_name : name,
    language: typeof spec.language === "string" ? spec.language.toLowerCase() : "",
    argv: withoutHistory(argv).map((arg, index) =>
      index === 0 ? interpreter(arg, prefix) : arg.replaceAll("{resource_dir}", folder).replaceAll("{prefix}", prefix),
    ),
    env: Object.fromEntries(
      Object.entries(isRecord(spec.env) ? spec.env : {}).map(([key, value]) => [key, expand(String(value))]),
    ),
    interruptMode: spec.interrupt_mode === "message" ? "message" : "signal",
    dialect: argv.some((arg) => /(^|[\\/])tslab(\.cmd)?$/.test(arg)) ? TSLAB_DIALECT : STANDARD_DIALECT,
  };
}

/** Replaces a bare `python` in a kernelspec by the Python of the environment that the kernelspec belongs to. */
function interpreter(program: string, prefix: string): string {
  if (!/^python(3(\.\d+)?)?$/.test(program)) return program;
  return (
    [program, "python3", "python"].map((name) => join(prefix, "bin", name)).find((path) => existsSync(path)) ?? program
  );
}

/** Keeps IPython's history in memory, as nbclient does: kernels that run at once would share one file. */
function withoutHistory(argv: readonly string[]): readonly string[] {
  const ipython = argv.some((arg) => arg === "ipykernel_launcher" || arg === "ipykernel");
  return ipython && !argv.some((arg) => arg.startsWith("--HistoryManager.hist_file"))
    ? [...argv, "--HistoryManager.hist_file=:memory:"]
    : argv;
}

/** Replaces variables as Python's string templates do: `$NAME` and `${NAME}`; one that is not set is left unchanged. */
function expand(value: string): string {
  return value.replace(
    /\$(?:\{(\w+)\}|([A-Za-z_]\w*))/g,
    (whole, braced: string | undefined, bare: string | undefined) => process.env[braced ?? bare ?? ""] ?? whole,
  );
}
