import { TsloraError } from "../../base/tslora-error";
import { DEFAULT_LIMITS } from "../corpus";
import { ByteDecoder } from "../table/byte-decoder";

/** A part of a PubMed file, one character per byte. */
export type PubmedFrame =
  | { readonly kind: "article" | "book" | "deletions"; readonly bytes: string }
  /** A record without its end, or bytes between records. */
  | { readonly kind: "fragment"; readonly bytes: string; readonly message: string };

/** Elements directly below `PubmedArticleSet`. Texts cannot hold such a tag: `<` is escaped there. */
const BOUNDARY =
  /<(\/?)(PubmedArticleSet|PubmedArticle|PubmedBookArticle|DeleteCitation|DeleteDocument)(?=[\s>/])[^<>]*>/g;
const KINDS: Readonly<Record<string, "article" | "book" | "deletions">> = {
  PubmedArticle: "article",
  PubmedBookArticle: "book",
  DeleteCitation: "deletions",
};
/** More than the length of a boundary's tag, which may be cut at the end of a piece. */
const OVERLAP = 200;

/**
 * Cuts a PubMed file into its records, so that a fault in one of them does not reach the next. Each record is then
 * parsed as XML of its own.
 */
export class PubmedFrames {
  readonly #name: string;
  readonly #decoder: ByteDecoder;
  #rest = "";
  #scanned = 0;
  #open: { readonly tag: string; readonly from: number } | undefined;
  #between = 0; // where the text between two records begins
  #begun = false;
  #ended = false;

  /** @param name - the file's name in messages */
  constructor(name: string) {
    this.#name = name;
    this.#decoder = new ByteDecoder(name);
  }

  /** @throws TsloraError `bad-input` if it is not a file of PubMed. */
  *push(bytes: Uint8Array): Generator<PubmedFrame, void, void> {
    this.#rest += this.#decoder.push(bytes);
    yield* this.#cut();
    this.#forget();
  }

  /** @throws TsloraError `bad-input` if the end is missing. */
  *end(): Generator<PubmedFrame, void, void> {
    this.#rest += this.#decoder.end();
    yield* this.#cut();
    if (!this.#begun) this.#refuse();
    if (!this.#ended || this.#open !== undefined)
      throw new TsloraError(
        "bad-input",
        `${this.#name} must end with </PubmedArticleSet>; it is cut off. Download it again, and compare its MD5 with the .md5 file beside it.`,
      );
  }

  *#cut(): Generator<PubmedFrame, void, void> {
    const { lastIndex } = BOUNDARY;
    try {
      BOUNDARY.lastIndex = this.#scanned;
      for (let match = BOUNDARY.exec(this.#rest); match !== null; match = BOUNDARY.exec(this.#rest)) {
        const next = BOUNDARY.lastIndex;
        yield* this.#boundary(match, next);
        BOUNDARY.lastIndex = next; // another file may have been read meanwhile
        this.#scanned = next;
      }
    } finally {
      BOUNDARY.lastIndex = lastIndex;
    }
  }

  *#boundary(match: RegExpExecArray, next: number): Generator<PubmedFrame, void, void> {
    const [whole, slash, tag] = match;
    const open = this.#open;
    if (open !== undefined) {
      if (slash === "/" && tag === open.tag) {
        this.#open = undefined;
        this.#between = next;
        const kind = KINDS[tag];
        if (kind !== undefined) yield { kind, bytes: this.#rest.slice(open.from, next) };
        return;
      }
      this.#open = undefined;
      this.#between = match.index;
      yield {
        kind: "fragment",
        bytes: this.#rest.slice(open.from, match.index),
        message: `${open.tag} must end with </${open.tag}>; ${whole} follows before it`,
      };
    } else yield* this.#junk(match.index);
    if (tag === "PubmedArticleSet") {
      this.#begun ||= slash === "";
      this.#ended = slash === "/" || whole.endsWith("/>");
      this.#between = next;
    } else if (!this.#begun) this.#refuse();
    else if (slash === "/") {
      this.#between = next;
      yield { kind: "fragment", bytes: "", message: `${whole} must follow <${tag}>; its start is missing` };
    } else if (whole.endsWith("/>")) this.#between = next;
    else this.#open = { tag, from: match.index };
  }

  /** Characters between two records; blanks are left out. */
  *#junk(until: number): Generator<PubmedFrame, void, void> {
    const bytes = this.#rest.slice(this.#between, until);
    if (!this.#begun || !/\S/.test(bytes)) return;
    yield { kind: "fragment", bytes, message: "between records there must be blanks alone; there is other text" };
  }

  /** Keeps what the next piece needs. */
  #forget(): void {
    const from = this.#open?.from ?? this.#between;
    if (this.#rest.length - from > DEFAULT_LIMITS.maxRecordBytes) {
      if (!this.#begun) this.#refuse();
      throw new TsloraError(
        "bad-input",
        `${this.#name} must have records of at most ${DEFAULT_LIMITS.maxRecordBytes.toLocaleString("en-US")} bytes; one has more. Is the file whole?`,
      );
    }
    this.#scanned = Math.max(from, this.#scanned, this.#rest.length - OVERLAP) - from;
    if (this.#open !== undefined) {
      this.#scanned = Math.max(this.#scanned, 1); // not its own start again
      this.#open = { ...this.#open, from: 0 };
    }
    this.#rest = this.#rest.slice(from);
    this.#between = 0;
  }

  #refuse(): never {
    const start = this.#rest.trim().slice(0, 80);
    throw new TsloraError(
      "bad-input",
      `${this.#name} must be a PubmedArticleSet, as PubMed publishes; it begins with ${JSON.stringify(start)}.`,
    );
  }
}
