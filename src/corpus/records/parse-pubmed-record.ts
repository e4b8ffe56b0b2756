import { SaxesParser } from "saxes";

import { TsloraError } from "../../base/tslora-error";
import { findElement, toPubmedRecord, type PubmedElement, type PubmedRecord } from "../pubmed/pubmed-record";

/** A record of a PubMed file. */
export interface PublishedRecord extends PubmedRecord {
  /** `Version` of its PMID. */
  readonly version: number;
}

/** The only elements of a record that are kept, by their depth; below the last of these all are. */
const CITATIONS: ReadonlySet<string> = new Set(["MedlineCitation", "BookDocument"]);
const PARTS: ReadonlySet<string> = new Set([
  ...["ArticleTitle", "VernacularTitle", "Book", "Abstract", "PublicationType", "PublicationTypeList"],
]);
const OF_CITATION: ReadonlySet<string> = new Set(["PMID", "Article", ...PARTS]);

interface OpenElement extends PubmedElement {
  readonly children: (PubmedElement | string)[];
}

/**
 * Parses one `PubmedArticle` or `PubmedBookArticle` as XML. Its text is that of `parsePubmedXml`.
 *
 * @throws TsloraError `bad-input` if it is not well-formed, or has no PMID.
 */
export function parsePubmedRecord(xml: string): PublishedRecord {
  const root = parseElements(xml);
  const citation = findElement(root, root.tag === "PubmedArticle" ? "MedlineCitation" : "BookDocument");
  if (citation === undefined)
    throw new TsloraError("bad-input", `${root.tag} must have a MedlineCitation or BookDocument; it has none`);
  const version = Number(findElement(citation, "PMID")?.attributes.Version ?? 1);
  return { ...toPubmedRecord(citation), version: Number.isSafeInteger(version) && version >= 1 ? version : 1 };
}

/** PMIDs and versions of a `DeleteCitation`. */
export function parseDeletions(xml: string): { readonly pmid: string; readonly version: number }[] {
  return [...xml.matchAll(/<PMID\b([^>]*)>\s*(\d+)\s*<\/PMID>/g)].map(([, attributes, pmid]) => ({
    pmid,
    version: versionIn(attributes),
  }));
}

/** PMID and version of a record without parsing it: its first PMID is its own. */
export function findPmid(xml: string): { readonly pmid: string; readonly version: number } | undefined {
  const match = /<PMID\b([^>]*)>\s*(\d+)\s*<\/PMID>/.exec(xml);
  return match === null ? undefined : { pmid: match[2], version: versionIn(match[1]) };
}

function versionIn(attributes: string): number {
  return Number(/\bVersion\s*=\s*["'](\d+)["']/.exec(attributes)?.[1] ?? 1);
}

/** The record's elements that are kept, with their texts. */
function parseElements(xml: string): PubmedElement {
  const parser = new SaxesParser({ position: false, xmlns: false } as const);
  const path: OpenElement[] = [];
  let skipped = 0; // depth inside an element that is not kept
  let root: PubmedElement | undefined;
  const addText = (text: string): void => {
    if (skipped === 0) path.at(-1)?.children.push(text);
  };
  parser.on("opentag", ({ name, attributes }) => {
    if (skipped > 0 || !isKept(name, path)) skipped++;
    else {
      const element: OpenElement = { tag: name, attributes, children: [] };
      path.at(-1)?.children.push(element);
      path.push(element);
      root ??= element;
    }
  });
  parser.on("closetag", () => void (skipped > 0 ? skipped-- : path.pop()));
  parser.on("text", addText);
  parser.on("cdata", addText);
  parser.on("error", (error) => {
    // an unknown entity stays as it is written, as in `parsePubmedXml`
    if (!error.message.includes("undefined entity")) throw new TsloraError("bad-input", error.message);
  });
  parser.write(xml).close();
  if (root === undefined) throw new TsloraError("bad-input", "the record must be an element; there is none");
  return root;
}

function isKept(name: string, path: readonly OpenElement[]): boolean {
  if (path.length === 0 || path.length > 3) return true;
  if (path.length === 1) return CITATIONS.has(name);
  if (path.length === 2) return OF_CITATION.has(name);
  return path[2].tag !== "Article" || PARTS.has(name);
}
