// @ts-check
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { findTool } from "../tools/find-tool.mjs";
import { runCommand } from "../tools/run-command.mjs";
import { SetUpError } from "../tools/set-up-error.mjs";

/** The resolver that writes the lock files. */
const RESOLVER = "uv==0.13.9";
/** The environments, with the oldest Python of each. */
export const ENVIRONMENTS = /** @type {const} */ ({
  lab: "3.9",
  conformance: "3.11",
  reference: "3.11",
  "sweep-reference": "3.11",
});
/** PyPI's PyTorch and, on Linux, NVIDIA's libraries; they are in a separate file, since the CPU build replaces them. */
const OF_TORCH = /^(torch|triton|nvidia-[\w-]+|cuda-[\w-]+)==/;
/** Markers that are always true, since no other system is supported. */
const EVERYWHERE = "sys_platform == 'darwin' or sys_platform == 'linux'";

/**
 * Writes the environments' lock files again: every package that pip installs, its version and the hashes of its wheels,
 * for every supported Python and platform.
 *
 * @param {{ root: string }} options
 */
export async function lockEnvironments({ root }) {
  const python = findTool("python");
  if ("problem" in python) throw new SetUpError(python.problem);
  mkdirSync(join(root, ".tslora"), { recursive: true });
  const folder = mkdtempSync(join(root, ".tslora", "lock-"));
  const requirements = join(root, "src", "setup", "requirements");
  try {
    await runCommand([...python.commandLine, "-m", "venv", join(folder, "environment")]);
    const bin = join(folder, "environment", "bin");
    await runCommand([join(bin, "python"), "-m", "pip", "install", "--quiet", "--only-binary=:all:", RESOLVER]);
    for (const [name, oldest] of Object.entries(ENVIRONMENTS)) {
      console.error(`${name}, for Python ${oldest} and later ...`);
      writeFileSync(
        join(folder, "pyproject.toml"),
        `[project]\nname = "tslora-${name}"\nversion = "0"\nrequires-python = ">=${oldest}"\n[tool.uv]\nenvironments = ["sys_platform == 'linux'", "sys_platform == 'darwin'"]\n`,
      );
      await runCommand(
        [
          join(bin, "uv"),
          "pip",
          "compile",
          "--quiet",
          "--universal",
          "--python-version",
          oldest,
          "--generate-hashes",
          "--only-binary",
          ":all:",
          "--no-annotate",
          "--no-header",
          "--native-tls",
          join(requirements, `${name}.in`),
          "--output-file",
          "lock.txt",
        ],
        { cwd: folder },
      );
      const entries = readFileSync(join(folder, "lock.txt"), "utf8")
        .split(/^(?=\S)/m)
        .map(simplify);
      const [torch, rest] = [
        entries.filter((entry) => OF_TORCH.test(entry)),
        entries.filter((entry) => !OF_TORCH.test(entry)),
      ];
      writeLock(join(requirements, `${name}.txt`), rest);
      if (torch.length > 0) writeLock(join(requirements, "torch.txt"), torch);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} entry  a package's lines */
function simplify(entry) {
  return entry.replace(` ; ${EVERYWHERE}`, "").replace(` and (${EVERYWHERE})`, "");
}

/** @param {string} path @param {readonly string[]} entries */
function writeLock(path, entries) {
  writeFileSync(
    `${path}.new`,
    `# Written by \`npm run lock\` from the .in file. Not edited by hand.\n${entries.join("")}`,
  );
  renameSync(`${path}.new`, path);
}
