import { tslabSourceMap, type TslabSourceMap } from "../notebook/tslab/source-map";
import { TSLAB_PREFIX, type InterruptibleCode } from "./interrupts/interruptible-code";
import { SHARED_CALLEE } from "./variables/shared-variables";
import type { EditedText, TextPosition } from "./source/text-edits";

/** Stages of a cell's compilation, up to the code that runs. */
export interface CellSteps {
  readonly mended: EditedText;
  readonly code: InterruptibleCode;
  /** The mended sources of earlier cells. */
  readonly earlier: readonly string[];
  readonly isAsync: boolean;
}

/** A cell that runs, or has run, with the map from its code to its source. */
export class CompiledCell {
  #map: TslabSourceMap | undefined;

  /** @param number - the cell's execution count */
  constructor(
    readonly number: number,
    private readonly steps: CellSteps,
  ) {}

  get source(): string {
    return this.steps.mended.before;
  }

  /** Maps a place in the running code to the source; undefined for code that was added around the cell. */
  locate({ line, column }: TextPosition): TextPosition | undefined {
    const { mended, code, earlier, isAsync } = this.steps;
    const prefix = line === 1 ? TSLAB_PREFIX[isAsync ? "async" : "sync"].length : 0;
    if (column <= prefix || line > code.code.after.split("\n").length) return undefined;
    const compiled = code.code.positionBefore(calleeOf(code.code.after, { line, column: column - prefix }));
    this.#map ??= tslabSourceMap(mended.after, earlier); // takes a third of a second, so it is made only for an error
    const found = this.#map.locate(compiled.line, compiled.column);
    return found === undefined ? undefined : mended.positionBefore(found);
  }
}

/** The start of a called variable: V8 reports a call of `(0, variable)(…)` at the end of the variable. */
function calleeOf(text: string, place: TextPosition): TextPosition {
  const before = text.split("\n")[place.line - 1].slice(0, place.column - 1);
  const callee = SHARED_CALLEE.exec(before)?.[0] ?? "";
  return { line: place.line, column: place.column - callee.length };
}
