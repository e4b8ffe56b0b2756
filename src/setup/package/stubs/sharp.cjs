// @ts-nocheck -- it runs in dist/node_modules
// In the place of sharp: @xenova/transformers imports it for images, and tslora uses its tokenizers alone.
module.exports = () => {
  throw new Error("tslora's copy of @xenova/transformers reads no images.");
};
