import { randomBytes } from "node:crypto";

/** A display in the running cell's output that can be updated. */
export interface Display {
  /** @param plain - the same content as text, for terminals and logs */
  html(text: string, plain?: string): void;
  /** Shows the static picture of an interactive figure. It has no plain text, since the figure has one. */
  svg(text: string): void;
  markdown(text: string): void;
}

/** The notebook whose cells this process runs. */
export interface KernelDisplay {
  /** Makes a new display in the running cell's output. */
  newDisplay(): Display;
  /** Identifies the running cell: the same object while it runs, another in the next run. */
  readonly run: unknown;
}

interface TslabJupyter {
  readonly lastWriteDisplayData: unknown;
}

type WriteDisplayData = (content: Readonly<Record<string, unknown>>, update: boolean) => void;

/**
 * The display of this process's tslab kernel; undefined if the process is not a kernel or runs no cell.
 *
 * Searches only loaded modules: a kernel has already loaded tslab, and in other processes loading it would only take
 * time (a second).
 */
export function kernelDisplay(): KernelDisplay | undefined {
  for (const module of Object.values(require.cache)) {
    if (module === undefined || !/[\\/]tslab[\\/]dist[\\/]jupyter\.js$/.test(module.filename)) continue;
    const jupyter = module.exports as TslabJupyter;
    const { lastWriteDisplayData } = jupyter;
    if (typeof lastWriteDisplayData !== "function") continue;
    return { newDisplay: () => newDisplay(jupyter), run: lastWriteDisplayData };
  }
  return undefined;
}

/** Like tslab's own `newDisplay`, but with several MIME types for one output. */
function newDisplay(jupyter: TslabJupyter): Display {
  const transient = { display_id: randomBytes(8).toString("hex") };
  let isUpdate = false;
  const write = (data: Readonly<Record<string, string>>): void => {
    // Read each time, since it belongs to the running cell.
    (jupyter.lastWriteDisplayData as WriteDisplayData)({ data, metadata: {}, transient }, isUpdate);
    isUpdate = true;
  };
  return {
    html: (text, plain) => write({ "text/html": text, ...(plain === undefined ? {} : { "text/plain": plain }) }),
    svg: (text) => write({ "image/svg+xml": text, "text/plain": "" }),
    markdown: (text) => write({ "text/markdown": text, "text/plain": text }),
  };
}
