import { TsloraError } from "../../base/tslora-error";
import { graphemeEnd } from "./grapheme-end";

/** Most bytes of a replacement. The longest of Unicode's compatibility forms has 33. */
const LONGEST = 256;
/** Most bytes of a grapheme that is looked up as a whole, as in Python's tokenizers. */
const WHOLE_GRAPHEME = 5;
const LEAF = 1 << 31;

/**
 * sentencepiece's compiled normalization rules: replacements of byte sequences, found in a double-array trie.
 *
 * The bytes are: the trie's size in bytes (32 bits, little-endian), the trie, and the replacements, each of which ends
 * with a zero byte. A unit of the trie has its label in bits 0 to 7, bit 8 if a key ends at it, the distance to its
 * children from bit 10 on (times 256 if bit 9 is set); bit 31 marks the position of a replacement. See Aoe, "An
 * Efficient Digital Search Algorithm by Using a Double-Array Structure" (1989).
 */
export class Charsmap {
  readonly #units: Uint32Array;
  readonly #replacements: Uint8Array;
  readonly #texts = new Map<number, string>();
  /** The replacement of each ASCII character by itself. */
  readonly #ascii: readonly (string | undefined)[];
  readonly #bytes = new Uint8Array(WHOLE_GRAPHEME);

  /**
   * @param where - the file's name in messages
   * @throws TsloraError `bad-input` if a step of a search or a replacement would be outside the bytes.
   */
  constructor(bytes: Uint8Array, where: string) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const size = bytes.length >= 4 ? view.getUint32(0, true) : 0;
    if (size === 0 || size % 4 !== 0 || size > bytes.length - 4) throw damaged(where, `its trie has ${size} bytes`);
    this.#units = Uint32Array.from({ length: size / 4 }, (_, i) => view.getUint32(4 + 4 * i, true));
    this.#replacements = bytes.subarray(4 + size);
    checkUnits(this.#units, this.#replacements, where);
    this.#ascii = Array.from({ length: 128 }, (_, code) => {
      this.#bytes[0] = code;
      return this.#find(1);
    });
  }

  /**
   * Replaces each grapheme as Python's tokenizers do. A grapheme of at most five bytes is replaced as a whole if it
   * begins with a key of the rules. Otherwise, each of its characters is replaced.
   */
  normalize(text: string): string {
    let out = "";
    let kept = 0; // start of the part that needs no replacement
    for (let i = 0; i < text.length;) {
      const code = text.charCodeAt(i);
      const next = i + 1 < text.length ? text.charCodeAt(i + 1) : 0;
      if (code < 128 && next < 128 && code !== 0x0d) {
        const replacement = this.#ascii[code];
        if (replacement !== undefined) {
          out += text.slice(kept, i) + replacement;
          kept = i + 1;
        }
        i++;
        continue;
      }
      const end = graphemeEnd(text, i);
      const replacement = this.#normalizeGrapheme(text, i, end);
      if (replacement !== undefined) {
        out += text.slice(kept, i) + replacement;
        kept = end;
      }
      i = end;
    }
    return kept === 0 ? text : out + text.slice(kept);
  }

  #normalizeGrapheme(text: string, start: number, end: number): string | undefined {
    const whole = this.#lookUp(text, start, end);
    if (whole !== undefined) return whole;
    let changed = false;
    let out = "";
    for (let i = start; i < end;) {
      const next = i + ((text.codePointAt(i) ?? 0) > 0xffff ? 2 : 1);
      const replacement = this.#lookUp(text, i, next);
      changed ||= replacement !== undefined;
      out += replacement ?? text.slice(i, next);
      i = next;
    }
    return changed ? out : undefined;
  }

  /** The replacement of a part of a text; undefined if there is none, or if it has too many bytes. */
  #lookUp(text: string, start: number, end: number): string | undefined {
    const bytes = this.#bytes;
    let length = 0;
    for (let i = start; i < end;) {
      const code = text.codePointAt(i) ?? 0;
      i += code > 0xffff ? 2 : 1;
      const size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
      if (length + size > WHOLE_GRAPHEME) return undefined;
      for (let k = size - 1, rest = code; k > 0; k--, rest >>= 6) bytes[length + k] = 0x80 | (rest & 0x3f);
      bytes[length] = size === 1 ? code : ((0xf00 >> size) & 0xff) | (code >> (6 * (size - 1)));
      length += size;
    }
    return this.#find(length);
  }

  /** The replacement of the shortest key with which the first `length` bytes begin. */
  #find(length: number): string | undefined {
    const units = this.#units;
    let node = offsetOf(units[0]);
    for (let i = 0; i < length; i++) {
      const byte = this.#bytes[i];
      if (byte === 0) return undefined;
      const at = node ^ byte;
      const unit = units[at];
      if ((unit & (LEAF | 0xff)) !== byte) return undefined;
      node = at ^ offsetOf(unit);
      if (unit & 0x100) return this.#textAt(units[node] & ~LEAF);
    }
    return undefined;
  }

  #textAt(start: number): string {
    const known = this.#texts.get(start);
    if (known !== undefined) return known;
    const end = this.#replacements.indexOf(0, start);
    const text = new TextDecoder().decode(this.#replacements.subarray(start, end === -1 ? undefined : end));
    this.#texts.set(start, text);
    return text;
  }
}

/** The distance from a unit to its children, in units, as an exclusive or of their positions. */
function offsetOf(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}

/** Checks once that no search can leave the trie, and that each replacement is short and is UTF-8. */
function checkUnits(units: Uint32Array, replacements: Uint8Array, where: string): void {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(replacements);
  } catch {
    throw damaged(where, "its replacements are not UTF-8");
  }
  const ends = endsOf(replacements);
  for (const [at, unit] of units.entries()) {
    if (unit & LEAF) continue;
    const children = at ^ offsetOf(unit);
    if (children < 0 || (children | 0xff) >= units.length)
      throw damaged(where, `unit ${at} of its trie leads to ${children}, beyond its ${units.length} units`);
    if ((unit & 0x100) === 0) continue;
    const start = units[children] & ~LEAF;
    if (start > replacements.length || (replacements[start] & 0xc0) === 0x80)
      throw damaged(where, `unit ${at} of its trie has no replacement at ${start}`);
    if (start < replacements.length && ends[start] - start > LONGEST)
      throw damaged(where, `the replacement at ${start} has more than ${LONGEST} bytes`);
  }
}

/** For each position, the position of the next zero byte, or the end. */
function endsOf(bytes: Uint8Array): Uint32Array {
  const ends = new Uint32Array(bytes.length);
  for (let i = bytes.length - 1, end = bytes.length; i >= 0; i--) {
    if (bytes[i] === 0) end = i;
    ends[i] = end;
  }
  return ends;
}

function damaged(where: string, what: string): TsloraError {
  return new TsloraError(
    "bad-input",
    `${where}: "precompiled_charsmap" must hold a trie and replacements; ${what}. Fetch the file again.`,
  );
}
