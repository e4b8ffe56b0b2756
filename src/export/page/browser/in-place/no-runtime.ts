/** Stands for @xenova/transformers' runtime, of which only the settings are touched. */
export const ONNX = { env: {} };
export const executionProviders: readonly string[] = [];
