import { shownNames, shownValue } from "../base/shown-value";
import { TsloraError } from "../base/tslora-error";

/** Tokens that result from no merge even in an undamaged vocabulary: RoBERTa's padding, and special tokens. */
const UNMERGED = /^(madeupword\d+|<.*>|\[.*\])$/su;

/**
 * Checks the merges of a tokenizer.json. Each must be a list of two tokens, or two tokens separated by a space.
 *
 * @param where - the file's name in messages
 * @returns pairs separated by a space, in order of priority
 * @throws TsloraError `bad-input` for an entry that is not a pair.
 */
export function parseMerges(merges: unknown, where: string): string[] {
  if (!Array.isArray(merges))
    throw new TsloraError("bad-input", `${where}: "merges" must be a list; got ${shownValue(merges)}.`);
  return merges.map((merge: unknown, i) => {
    const parts: unknown[] = Array.isArray(merge)
      ? (merge as unknown[])
      : typeof merge === "string"
        ? merge.split(" ")
        : [];
    if (parts.length !== 2 || !parts.every((part) => typeof part === "string" && part !== "" && !part.includes(" ")))
      throw notAPair(where, `merge ${i + 1}`, merge);
    return parts.join(" ");
  });
}

/** Parses merges.txt: one pair per line, after a line with the format's version. */
export function parseMergeLines(text: string, where: string): string[] {
  const merges: string[] = [];
  for (const [i, line] of text
    .replace(/[\r\n]+$/, "")
    .split(/\r?\n/)
    .entries()) {
    if (line.startsWith("#version")) continue;
    const parts = line.split(" ");
    if (parts.length !== 2 || parts.includes("")) throw notAPair(where, `line ${i + 1}`, line);
    merges.push(line);
  }
  return merges;
}

function notAPair(where: string, place: string, found: unknown): TsloraError {
  return new TsloraError(
    "bad-input",
    `${where}: ${place} must be a pair of tokens; got ${shownValue(found)}. Fetch the file again.`,
  );
}

/**
 * Checks merges against their vocabulary, to find damage. The parts and the result of each pair must be tokens, no pair
 * may occur twice, and every token of several characters, except special tokens, must result from a merge.
 *
 * @param options.added - tokens that are matched literally in the text
 * @returns a short description of each fault
 */
export function mergeFaults(
  merges: readonly string[],
  options: { readonly vocab: ReadonlyMap<string, number>; readonly added: ReadonlySet<string> },
): string[] {
  const { vocab, added } = options;
  const faults: string[] = [];
  const beyond = merges.filter((merge) =>
    [...merge.split(" "), merge.replace(" ", "")].some((token) => !vocab.has(token)),
  );
  if (beyond.length > 0)
    faults.push(
      `the parts and results of its merges must be in the vocabulary; those of ${shownNames(beyond)} are not`,
    );
  const seen = new Set<string>();
  const twice = merges.filter((merge) => seen.size === seen.add(merge).size);
  if (twice.length > 0)
    faults.push(`merges must be distinct; ${shownNames(twice)} ${twice.length === 1 ? "occurs" : "occur"} twice`);
  const made = new Set(merges.map((merge) => merge.replace(" ", "")));
  const unmade = [...vocab.keys()].filter(
    (token) => !made.has(token) && !isOneChar(token) && !added.has(token) && !UNMERGED.test(token),
  );
  if (unmade.length > 0)
    faults.push(
      `every token of several characters must be made by a merge; ${shownNames(unmade)} ${unmade.length === 1 ? "is" : "are"} not: are merges missing?`,
    );
  return faults;
}

function isOneChar(token: string): boolean {
  return token.length === 1 || (token.length === 2 && (token.codePointAt(0) ?? 0) > 0xffff);
}
