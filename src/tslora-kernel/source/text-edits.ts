/** A piece of a text and its replacement; `start` and `end` are offsets in the original text. */
export interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A place in a text; line and column count from 1. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

/** An edited text that maps places before the edits to places after them, and back. */
export class EditedText {
  readonly before: string;
  readonly after: string;
  readonly #edits: readonly TextEdit[];

  /** @param edits - in any order; they must not overlap */
  constructor(before: string, edits: readonly TextEdit[]) {
    this.before = before;
    this.#edits = [...edits].sort((a, b) => a.start - b.start || a.end - b.end);
    let after = "";
    let at = 0;
    for (const { start, end, text } of this.#edits) {
      after += before.slice(at, start) + text;
      at = end;
    }
    this.after = after + before.slice(at);
  }

  /** Converts an offset in the original text to one in the edited text. */
  toAfter(offset: number): number {
    let shift = 0;
    for (const { start, end, text } of this.#edits) {
      if (end > offset) return start > offset ? offset + shift : start + shift;
      shift += text.length - (end - start);
    }
    return offset + shift;
  }

  /**
   * Converts an offset in the edited text to one in the original text; inserted text maps to its place of insertion.
   */
  toBefore(offset: number): number {
    let shift = 0;
    for (const { start, end, text } of this.#edits) {
      if (offset < start + shift) break;
      if (offset < start + shift + text.length) return start;
      shift += text.length - (end - start);
    }
    return offset - shift;
  }

  /** The same as {@link toBefore}, for lines and columns. */
  positionBefore(position: TextPosition): TextPosition {
    return positionAt(this.before, this.toBefore(offsetAt(this.after, position)));
  }
}

/** The offset of a place; a column after the end of the line means that end. */
export function offsetAt(text: string, { line, column }: TextPosition): number {
  let start = 0;
  for (let at = 1; at < line; at++) {
    const end = text.indexOf("\n", start);
    if (end < 0) return text.length;
    start = end + 1;
  }
  const end = text.indexOf("\n", start);
  return Math.min(start + column - 1, end < 0 ? text.length : end);
}

/** The place of an offset. */
export function positionAt(text: string, offset: number): TextPosition {
  const lines = text.slice(0, offset).split("\n");
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}
