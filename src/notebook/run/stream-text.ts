/** Characters after which a new piece begins. */
const PIECE = 1 << 20;

/**
 * The text of a stream as a terminal shows it: after a carriage return the line is overwritten, and a backspace removes
 * the last character. The result does not depend on how the text is cut into messages, and takes linear time. Complete
 * lines are kept in pieces of a million characters, so no piece exceeds the longest string.
 */
export class StreamText {
  readonly #pieces: string[] = []; // complete ones
  #parts: string[] = []; // the piece that grows
  #size = 0; // characters in #parts
  #line: OpenLine | undefined; // the open line, once a return or a backspace has edited it; else it is in #parts
  #lineParts = 0; // where in #parts the open line begins

  #done = 0; // characters in #pieces

  /** The characters so far. */
  get length(): number {
    return this.#done + this.#size + (this.#line?.length ?? 0);
  }

  /** Takes more text. */
  append(text: string): void {
    const edits = /[\r\b\n]/g;
    let from = 0;
    if (this.#line === undefined && !/[\r\b]/.test(text)) return this.#plain(text);
    for (let match = edits.exec(text); match !== null; match = edits.exec(text)) {
      this.#write(text, from, match.index);
      from = match.index + 1;
      if (match[0] === "\n") this.#endLine();
      else this.#edited()[match[0] === "\r" ? "goBack" : "erase"]();
    }
    this.#write(text, from, text.length);
  }

  /** The text so far in non-empty pieces. */
  pieces(): readonly string[] {
    const last = this.#parts.join("") + (this.#line?.text() ?? "");
    return last === "" ? this.#pieces : [...this.#pieces, last];
  }

  #write(text: string, from: number, to: number): void {
    if (from === to) return;
    if (this.#line === undefined) this.#push(text.slice(from, to));
    else this.#line.write(text, from, to);
  }

  /** Adds text without returns and backspaces, while the open line has none. */
  #plain(text: string): void {
    const end = text.lastIndexOf("\n") + 1;
    if (end > 0) {
      this.#push(text.slice(0, end));
      this.#lineParts = this.#parts.length;
      if (this.#size >= PIECE) this.#endPiece();
    }
    if (end < text.length) this.#push(end === 0 ? text : text.slice(end));
  }

  #push(text: string): void {
    this.#parts.push(text);
    this.#size += text.length;
    // a line that does not end: its first part can no longer be edited
    if (this.#size >= 8 * PIECE) this.#endPiece();
  }

  #endLine(): void {
    this.#push(`${this.#line?.finished() ?? ""}\n`);
    this.#line = undefined;
    this.#lineParts = this.#parts.length;
    if (this.#size >= PIECE) this.#endPiece();
  }

  #endPiece(): void {
    const text = this.#parts.join("");
    const last = text.charCodeAt(text.length - 1);
    const kept = last >= 0xd800 && last < 0xdc00 ? text.slice(-1) : ""; // half of a character
    for (let at = 0, end = text.length - kept.length; at < end;) {
      let to = Math.min(end, at + PIECE);
      const line = text.lastIndexOf("\n", to - 1) + 1;
      if (to < end && line > at) to = line;
      else if (to < end && (text.charCodeAt(to - 1) & 0xfc00) === 0xd800) to--;
      this.#pieces.push(text.slice(at, to));
      this.#done += to - at;
      at = to;
    }
    this.#parts = kept === "" ? [] : [kept];
    this.#size = kept.length;
    this.#lineParts = 0;
  }

  /** Makes the open line editable, and returns it. */
  #edited(): OpenLine {
    if (this.#line === undefined) {
      const text = this.#parts.splice(this.#lineParts).join("");
      this.#size -= text.length;
      this.#line = new OpenLine(text);
    }
    return this.#line;
  }
}

/** A line that is overwritten: its characters and the place of the next one. */
class OpenLine {
  #chars: Uint16Array;
  #length: number;
  #at: number;
  #returned = false; // a return was the last character

  constructor(text: string) {
    this.#chars = new Uint16Array(Math.max(64, text.length * 2));
    this.#length = 0;
    this.#at = 0;
    this.write(text, 0, text.length);
  }

  get length(): number {
    return this.#length;
  }

  write(text: string, from: number, to: number): void {
    const needed = this.#at + to - from;
    if (needed > this.#chars.length) {
      const grown = new Uint16Array(needed * 2);
      grown.set(this.#chars.subarray(0, this.#length));
      this.#chars = grown;
    }
    for (let at = from; at < to; at++) this.#chars[this.#at++] = text.charCodeAt(at);
    this.#length = Math.max(this.#length, this.#at);
    if (to > from) this.#returned = false;
  }

  goBack(): void {
    this.#at = 0;
    this.#returned = true;
  }

  erase(): void {
    if (this.#at === 0) return;
    if (this.#at === this.#length) this.#length--;
    this.#at--;
  }

  /** The line as a terminal shows it. */
  finished(): string {
    const parts: string[] = [];
    for (let at = 0; at < this.#length; at += 8192)
      parts.push(String.fromCharCode(...this.#chars.subarray(at, Math.min(this.#length, at + 8192))));
    return parts.join("");
  }

  /** The same, with a return at the very end, since the text that overwrites the line is still to come. */
  text(): string {
    return this.finished() + (this.#returned ? "\r" : "");
  }
}
