// @ts-nocheck -- it runs in dist/node_modules
// In the place of @tensorflow/tfjs-node, which danfojs-node requires: a process has one TensorFlow.
module.exports = require("@tensorflow/tfjs-node-gpu");
