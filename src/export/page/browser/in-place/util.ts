/** Replaces node:util, of which errors use only `inspect.custom`. */
export const inspect = { custom: Symbol.for("nodejs.util.inspect.custom") };
