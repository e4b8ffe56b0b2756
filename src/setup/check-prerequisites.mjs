// @ts-check
import { statfsSync } from "node:fs";
import { release } from "node:os";

import { findTool } from "./tools/find-tool.mjs";
import { SetUpError } from "./tools/set-up-error.mjs";
import { formatBytes } from "./tools/show-progress.mjs";
import { supportedPlatform } from "./stages/supported-platform.mjs";

/** The glibc that the wheels' tags require, and the kernel version of macOS 12. */
const OLDEST_GLIBC = [2, 27];
const OLDEST_DARWIN = 21;

/**
 * Checks the tools and the disk space that the pending stages need, before any of them starts.
 *
 * @param {readonly import("./tools/run-stages.mjs").Stage[]} pending
 * @param {{ root: string }} options
 * @throws {SetUpError} with one line for each missing thing
 */
export function checkPrerequisites(pending, { root }) {
  const unsupported = platformProblem();
  if (unsupported !== undefined) throw new SetUpError(unsupported);

  const tools = [...new Set(pending.flatMap(({ needs }) => needs))];
  const problems = tools.map(findTool).flatMap((found) => ("problem" in found ? [found.problem] : []));

  const bytes = pending.reduce((sum, stage) => sum + stage.bytes, 0);
  const { bavail, bsize } = statfsSync(root);
  if (bavail * bsize < bytes) {
    problems.push(
      `Disk space is missing: the remaining parts need up to ${formatBytes(bytes)}; ${formatBytes(bavail * bsize)} are free at ${root}.`,
    );
  }
  if (problems.length > 0) throw new SetUpError(problems.join("\n"));
}

/** @returns {string | undefined} */
function platformProblem() {
  const here = `${process.platform}-${process.arch}`;
  if (supportedPlatform() === undefined) {
    const hint = process.platform === "win32" ? " On Windows, use WSL 2." : "";
    return `There is no TensorFlow library for ${here}: the Python package index has it for linux-x64, linux-arm64 and darwin-arm64.${hint}`;
  }
  if (process.platform === "darwin") {
    return Number.parseInt(release()) < OLDEST_DARWIN
      ? "This macOS is too old: TensorFlow's library needs macOS 12 or later."
      : undefined;
  }
  const header = /** @type {{ header?: { glibcVersionRuntime?: string } }} */ (process.report.getReport()).header;
  const glibc = header?.glibcVersionRuntime;
  if (glibc === undefined)
    return "This Linux has no glibc, which TensorFlow's library needs. Use a distribution with it (Debian, Ubuntu, Fedora), not one on musl (Alpine).";
  const [major = 0, minor = 0] = glibc.split(".").map(Number);
  if (major < OLDEST_GLIBC[0] || (major === OLDEST_GLIBC[0] && minor < OLDEST_GLIBC[1])) {
    return `This Linux has glibc ${glibc}, and TensorFlow's library needs ${OLDEST_GLIBC.join(".")} or later (since Debian 10, Ubuntu 18.04).`;
  }
  return undefined;
}
