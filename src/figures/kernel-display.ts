import { randomBytes } from "node:crypto";

/** A display in the running cell's output that can be updated. */
export interface Display {
  /** @param plain - the same as text, for terminals and logs */
  html(text: string, plain?: string): void;
  /** A picture beside an interactive figure, which has the text: it has none itself. */
  svg(text: string): void;
  markdown(text: string): void;
}

/** The notebook that this process runs cells for. */
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
 * The display of the tslab kernel that this process is, if it is one and runs a cell.
 *
 * Only modules that are loaded already are looked at: in a kernel tslab is, whichever copy of it that is, and in
 * another process there is no use in loading it, which takes a second.
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

/** As tslab's own `newDisplay`, but with several forms of one output: tslab writes one alone. */
function newDisplay(jupyter: TslabJupyter): Display {
  const transient = { display_id: randomBytes(8).toString("hex") };
  let isUpdate = false;
  const write = (data: Readonly<Record<string, string>>): void => {
    // asked for anew: of the cell that runs now
    (jupyter.lastWriteDisplayData as WriteDisplayData)({ data, metadata: {}, transient }, isUpdate);
    isUpdate = true;
  };
  return {
    html: (text, plain) => write({ "text/html": text, ...(plain === undefined ? {} : { "text/plain": plain }) }),
    svg: (text) => write({ "image/svg+xml": text, "text/plain": "" }),
    markdown: (text) => write({ "text/markdown": text, "text/plain": text }),
  };
}
