import { TsloraError } from "../../base/tslora-error";

/** A line, in one character per byte, and its number from 1. */
export interface Line {
  readonly bytes: string;
  readonly number: number;
}

/** Splits a stream into lines, with the line ends of all systems, in linear time. */
export class LineSplitter {
  readonly #name: string;
  readonly #maxBytes: number;
  #rest = "";
  #count: number;
  #afterReturn = false;

  constructor(
    name: string,
    { maxRecordBytes, linesBefore = 0 }: { readonly maxRecordBytes: number; readonly linesBefore?: number },
  ) {
    this.#name = name;
    this.#count = linesBefore;
    this.#maxBytes = maxRecordBytes;
  }

  /** @throws TsloraError `bad-input` for a line above the limit. */
  *push(chunk: string): Generator<Line, void, void> {
    let from = 0;
    if (chunk === "") return;
    if (this.#afterReturn && chunk.startsWith("\n")) from = 1;
    this.#afterReturn = false;
    const ends = /\r\n?|\n/g;
    ends.lastIndex = from;
    for (let match = ends.exec(chunk); match !== null; match = ends.exec(chunk)) {
      const line = this.#take(chunk.slice(from, match.index));
      from = ends.lastIndex;
      this.#afterReturn = match[0] === "\r" && from === chunk.length;
      yield line;
    }
    this.#rest += chunk.slice(from);
    this.#expectShort(this.#rest.length);
  }

  /** The last line, if it has no line end. */
  *end(): Generator<Line, void, void> {
    if (this.#rest !== "") yield this.#take("");
  }

  #take(last: string): Line {
    const bytes = this.#rest + last;
    this.#rest = "";
    this.#expectShort(bytes.length);
    this.#count++;
    return { bytes, number: this.#count };
  }

  #expectShort(length: number): void {
    if (length <= this.#maxBytes) return;
    throw new TsloraError(
      "bad-input",
      `${this.#name} must have at most ${this.#maxBytes.toLocaleString("en-US")} bytes in a line (limits.maxRecordBytes); line ${this.#count + 1} has more. Is it a file of one text or one object a line?`,
    );
  }
}
