// @ts-nocheck -- it runs in dist/node_modules
// In the place of onnxruntime-web: @xenova/transformers imports it for browsers, and tslora uses its tokenizers alone.
exports.env = { wasm: {} };
