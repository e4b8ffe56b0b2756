import { TsloraError } from "../../base/tslora-error";

/** The parts of a PubMed record that tslora keeps. */
export interface PubmedRecord {
  readonly pmid: string;
  readonly title: string;
  /** Sections on one line each, with their labels (`METHODS: ...`); empty if the record has no abstract. */
  readonly abstract: string;
  /** Whether PubMed marks it as a "Retracted Publication". */
  readonly retracted: boolean;
}

/** An element whose children are in document order, as inline markup requires. */
export interface PubmedElement {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly (PubmedElement | string)[];
}

/**
 * The record of a `MedlineCitation` or `BookDocument`. Elements other than those read here may be missing.
 *
 * @throws TsloraError `bad-input` if it has no PMID.
 */
export function toPubmedRecord(citation: PubmedElement): PubmedRecord {
  const pmid = line(findElement(citation, "PMID"));
  if (!/^\d+$/.test(pmid))
    throw new TsloraError("bad-input", `each record of PubMed must have a PMID; got ${JSON.stringify(pmid)}`);
  const article = findElement(citation, "Article") ?? citation; // a book has its own title, abstract and types
  const titles = ["ArticleTitle", "VernacularTitle"].map((tag) => line(findElement(article, tag)));
  const bookTitle = line(findElement(findElement(article, "Book"), "BookTitle"));
  const types = [...childrenOf(findElement(article, "PublicationTypeList")), ...childrenOf(article)].filter(
    ({ tag }) => tag === "PublicationType",
  );
  return {
    pmid,
    title: [...titles, bookTitle].find((title) => title !== "") ?? "",
    abstract: childrenOf(findElement(article, "Abstract"))
      .filter(({ tag }) => tag === "AbstractText")
      .map(section)
      .filter((text) => text !== "")
      .join("\n"),
    retracted: types.some((type) => type.attributes.UI === "D016441" || line(type) === "Retracted Publication"),
  };
}

function section(element: PubmedElement): string {
  const text = line(element);
  const label = element.attributes.Label?.trim().toUpperCase() ?? "";
  return text === "" || label === "" || label === "UNLABELLED" || label === "UNLABELED" ? text : `${label}: ${text}`;
}

/** The text of an element and its descendants, on one line. */
function line(element: PubmedElement | undefined): string {
  return element === undefined
    ? ""
    : textOf(element)
        .replace(/[ \t\r\n]+/g, " ")
        .trim();
}

export function textOf(element: PubmedElement): string {
  return element.children.map((child) => (typeof child === "string" ? child : textOf(child))).join("");
}

export function findElement(element: PubmedElement | undefined, tag: string): PubmedElement | undefined {
  return childrenOf(element).find((child) => child.tag === tag);
}

export function childrenOf(element: PubmedElement | undefined): PubmedElement[] {
  return element === undefined
    ? []
    : element.children.filter((child): child is PubmedElement => typeof child !== "string");
}
