// @ts-check
// The clone's main file: exports the compiled package, or throws if it is missing.
const { existsSync } = require("node:fs");
const { join } = require("node:path");

const { NOT_PACKED } = require("./not-packed.cjs");

const root = join(__dirname, "..", "..");
if (!existsSync(join(root, ".tslora", "package", "index.js"))) {
  throw new Error(
    existsSync(join(root, "package-lock.json"))
      ? `tslora is not set up in ${root}. Run npm run setup there.`
      : NOT_PACKED,
  );
}
module.exports = require("../../.tslora/package/index.js");
