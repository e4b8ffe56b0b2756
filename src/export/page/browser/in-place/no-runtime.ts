/** Replaces the runtime of @xenova/transformers, of which only settings are set. */
export const ONNX = { env: {} };
export const executionProviders: readonly string[] = [];
