import type { Figure } from "../../figures/types";
import { recordingCommand } from "../facts/study-commands";
import type { ChecklistItem, SubjectFacts } from "../facts/study-facts";
import type { ReportBlock } from "../report-section";

/** A section of the page: as a `ReportSection`, with further kinds of blocks. */
export interface PageSection {
  readonly id: string;
  readonly title: string;
  readonly content: readonly PageBlock[];
}

/** A block of the page. */
export type PageBlock = ReportBlock | PlotBlock | HeadingBlock | LinksBlock | ChecklistBlock;

/** A figure of `figures/`. */
export interface PlotBlock {
  readonly kind: "plot";
  readonly id: string;
  readonly figure: Figure;
}

/** A heading inside a section. */
export interface HeadingBlock {
  readonly kind: "heading";
  readonly id: string;
  readonly text: string;
}

/** Links to files in the page's folder. */
export interface LinksBlock {
  readonly kind: "links";
  readonly links: readonly { readonly file: string; readonly about: string }[];
}

/** The checklist with links into the page. */
export interface ChecklistBlock {
  readonly kind: "checklist";
  readonly items: readonly ChecklistItem[];
}

/** The blocks for facts that the run did not record: a sentence, and the command that records them. */
export function missing(what: string, command: string): PageBlock[] {
  return [
    { kind: "paragraph", text: `This run did not record ${what}.` },
    { kind: "command", does: "The command that records it:", command },
  ];
}

/** {@link missing} for facts that only a study records, and `tslora train` does not. */
export function missingEvidence(what: string, subject: SubjectFacts): PageBlock[] {
  const command = recordingCommand(subject);
  if (subject.madeBy === "study") return missing(what, command);
  return [
    { kind: "paragraph", text: `This run did not record ${what}: \`tslora train\` does not.` },
    { kind: "command", does: "The command that records it, in a study of the same texts:", command },
  ];
}
