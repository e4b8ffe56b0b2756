import type { CorpusProblemKind } from "../corpus";

/** An abstract with its title, as PubMed has it. */
export interface StudyAbstract {
  readonly ID: string;
  readonly title: string;
  readonly abstract: string;
}

/** The document of a file in the study's format, or its problem. */
export type ParsedStudyText =
  | ({ readonly kind: "abstract" } & StudyAbstract)
  | { readonly kind: "problem"; readonly problem: CorpusProblemKind; readonly message: string };

/** The ID line, the title and the abstract; title and abstract may have several lines. */
const FORMAT = /^<ID:([^>\n]*)>[^\S\n]*\n\s*Title:([\s\S]*?)(?:\n[^\S\n]*Abstract:([\s\S]*))?$/;

/**
 * Reads a text in the study's format: a line `<ID:PMID>`, one that starts with `Title:`, one that starts with
 * `Abstract:`.
 */
export function parseStudyText(text: string): ParsedStudyText {
  const match = FORMAT.exec(text);
  if (match === null) {
    const first = text.split("\n", 1)[0].slice(0, 40);
    return {
      kind: "problem",
      problem: "malformed",
      message: `the text must begin with a line <ID:...> and a line Title:; got ${JSON.stringify(first)}`,
    };
  }
  const [ID, title, abstract] = match.slice(1).map((part: string | undefined) => part?.trim() ?? "");
  if (ID === "") return { kind: "problem", problem: "no-id", message: "the line <ID:...> names no ID" };
  if (abstract === "") return { kind: "problem", problem: "no-abstract", message: "there is no text after Abstract:" };
  return { kind: "abstract", ID, title, abstract };
}

/** Writes an abstract in the study's format; {@link parseStudyText} reads it back. */
export function formatStudyText({ ID, title, abstract }: StudyAbstract): string {
  return `<ID:${ID}>\nTitle: ${title}\nAbstract: ${abstract}`;
}
