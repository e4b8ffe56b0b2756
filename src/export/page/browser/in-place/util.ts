/** Stands for node:util, of which the errors need the name of a method. */
export const inspect = { custom: Symbol.for("nodejs.util.inspect.custom") };
