// @ts-check
// The package's entry, in a clone and as npm packs it. In a clone, Node resolves the name "tslora" to this file by the
// package's own `exports`.
const { existsSync } = require("node:fs");
const { join } = require("node:path");

const { placesOf } = require("./places.cjs");

const { compiled, installed, root } = placesOf(join(__dirname, "..", ".."));
if (!existsSync(join(compiled, "index.js")))
  throw new Error(
    installed
      ? `The tarball of tslora in ${root} is not complete: it has no dist/index.js. Build it again with npm pack.`
      : `tslora is not set up in ${root}. Run npm run setup there.`,
  );
// Node reads the names for `import { train } from "tslora"` from the last line, which is a literal for that reason.
if (!installed) module.exports = require(join(compiled, "index.js"));
// @ts-ignore -- dist is in the tarball alone
else module.exports = require("../../dist/index.js");
