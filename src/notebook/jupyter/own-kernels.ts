import { join } from "node:path";

import { packageFolder } from "../../base/places";
import { TSLAB_DIALECT } from "../tslab/tslab-dialect";
import type { KernelSpec } from "./kernel-spec";
import { STANDARD_DIALECT } from "./standard-dialect";

/** Specifications of tslora's own kernels, by name. A kernel that is not installed has no specification. */
const OWN_KERNELS: Readonly<Record<string, (name: string) => KernelSpec | undefined>> = {
  tslab: (name) => tslabSpec(name, { displayName: "TypeScript", language: "typescript", options: [] }),
  jslab: (name) => tslabSpec(name, { displayName: "JavaScript", language: "javascript", options: ["--js"] }),
  tslora: (name) => ({
    name,
    displayName: "TypeScript (tslora)",
    language: "typescript",
    argv: [process.execPath, join(__dirname, "..", "..", "tslora-kernel", "main.js"), "{connection_file}"],
    env: {},
    interruptMode: "message",
    dialect: STANDARD_DIALECT,
    transport: "ipc",
  }),
};

/** Names of the kernels that need no Jupyter: tslora's own. */
export const OWN_KERNEL_NAMES: readonly string[] = Object.keys(OWN_KERNELS);

/** Specification of one of tslora's own kernels; undefined for another kernel. */
export function ownKernelSpec(name: string): KernelSpec | undefined {
  return Object.hasOwn(OWN_KERNELS, name) ? OWN_KERNELS[name](name) : undefined;
}

interface TslabKernel {
  readonly displayName: string;
  readonly language: string;
  /** Options of tslab's command. */
  readonly options: readonly string[];
}

function tslabSpec(name: string, { displayName, language, options }: TslabKernel): KernelSpec | undefined {
  const tslab = packageFolder("tslab");
  if (tslab === undefined) return undefined;
  const program = join(tslab, "bin", "tslab");
  // The preload ends the kernel when the runner is killed (Python kernels watch JPY_PARENT_PID) and keeps all outputs.
  const preload = join(__dirname, "..", "tslab", "preload.js");
  return {
    name,
    displayName,
    language,
    argv: [process.execPath, "--require", preload, program, "kernel", "--config-path={connection_file}", ...options],
    env: {},
    interruptMode: "signal",
    dialect: TSLAB_DIALECT,
    transport: "ipc",
  };
}
