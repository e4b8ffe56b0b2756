// @ts-nocheck -- it runs in dist/node_modules
// Replaces @mapbox/node-pre-gyp: returns the path where `tslora setup` has installed the binding.
const { existsSync } = require("node:fs");
const { join } = require("node:path");

const { setUpCommand, setUpFolder } = require("../../../base/places.js");
const { TsloraError } = require("../../../base/tslora-error.js");

exports.find = () => {
  const binding = join(setUpFolder(), "binding", "tfjs-node-gpu", "lib", "napi-v8", "tfjs_binding.node");
  if (!existsSync(binding))
    throw new TsloraError("device", `TensorFlow is not set up for this project. Run ${setUpCommand()}.`);
  return binding;
};
