/** What tslab's `newDisplay()` gives: a place in the running cell's output that can be written again. */
export interface Display {
  html(text: string): void;
  svg(text: string): void;
  markdown(text: string): void;
}

/** The notebook that this process runs cells for. */
export interface KernelDisplay {
  /** A new place in the running cell's output. */
  newDisplay(): Display;
  /** Stands for the running cell: the same object while it runs, another in the next run. */
  readonly run: unknown;
}

interface TslabJupyter {
  readonly lastWriteDisplayData: unknown;
}

interface TslabPublic {
  newDisplay(this: void): Display;
}

/**
 * The display of the tslab kernel that this process is, if it is one and runs a cell.
 *
 * Only modules that are loaded already are looked at: in a kernel tslab is, whichever copy of it that is, and in
 * another process there is no use in loading it, which takes a second.
 */
export function kernelDisplay(): KernelDisplay | undefined {
  for (const module of Object.values(require.cache)) {
    if (module === undefined || !/[\\/]tslab[\\/]dist[\\/]jupyter\.js$/.test(module.filename)) continue;
    const { lastWriteDisplayData } = module.exports as TslabJupyter;
    if (typeof lastWriteDisplayData !== "function") continue;
    const { newDisplay } = module.require("./public") as TslabPublic;
    return { newDisplay, run: lastWriteDisplayData };
  }
  return undefined;
}
