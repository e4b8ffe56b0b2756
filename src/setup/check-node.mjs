// @ts-check
// Every Node with ES modules must be able to read this file, so it uses the syntax of Node 12.

/** The oldest Node that the packages in the lock file run on. */
const OLDEST = [20, 19];
/** The major versions whose tests were run. */
const TESTED = [20, 22, 24, 26];

/**
 * Compares a version of Node with those that tslora was tested on.
 *
 * @param {string} version  as in `process.versions.node`
 * @returns {{ refusal: string } | { warning: string } | undefined} undefined for a tested version
 */
export function checkNode(version) {
  const parts = version.split(".").map(Number);
  const major = parts[0] || 0;
  const minor = parts[1] || 0;
  const tested = `${TESTED.slice(0, -1).join(", ")} and ${TESTED[TESTED.length - 1]}`;
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    return {
      refusal: `Node must be ${OLDEST.join(".")} or later; got ${version}. Install a version that tslora is tested on (${tested}). Debian: apt-get install nodejs, or Node's own packages if that is older. macOS: brew install node@24.`,
    };
  }
  if (TESTED.indexOf(major) >= 0) return undefined;
  const newest = TESTED[TESTED.length - 1];
  return {
    warning: `Warning: Node ${version} is ${major > newest ? "newer than the versions" : "not among the versions"} that tslora is tested on (${tested}). tslora runs nevertheless.`,
  };
}
