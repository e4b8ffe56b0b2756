import { XMLParser, XMLValidator } from "fast-xml-parser";

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
interface Element {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly (Element | string)[];
}

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: "",
  parseTagValue: false,
  trimValues: false,
  ignoreDeclaration: true,
  htmlEntities: true, // with it the parser decodes numeric references too
  // 200 records' entities; none is declared
  processEntities: { enabled: true, maxTotalExpansions: 1e7, maxExpandedLength: 1e8 },
});

/**
 * Reads a response of efetch (`db=pubmed`, `retmode=xml`): articles and books, structured abstracts, inline markup (its
 * text is kept), entities.
 *
 * @throws TsloraError `bad-input` if the response is not a complete PubmedArticleSet, for example if it was cut off.
 */
export function parsePubmedXml(xml: string): PubmedRecord[] {
  const verdict = XMLValidator.validate(xml);
  if (verdict !== true)
    throw new TsloraError(
      "bad-input",
      `PubMed's answer must be whole XML; it has a fault in line ${verdict.err.line}: ${verdict.err.msg}`,
    );
  const roots = toElements(parser.parse(xml) as unknown);
  const set = roots.find((root) => root.tag === "PubmedArticleSet");
  if (set === undefined)
    throw new TsloraError(
      "bad-input",
      `PubMed's answer must be a PubmedArticleSet; got ${roots.map((root) => root.tag).join(", ") || "no element"}: ${roots.map(textOf).join(" ").trim().slice(0, 200)}`,
    );
  return childrenOf(set).flatMap((entry) => {
    const record =
      entry.tag === "PubmedArticle"
        ? find(entry, "MedlineCitation")
        : entry.tag === "PubmedBookArticle"
          ? find(entry, "BookDocument")
          : undefined;
    return record === undefined ? [] : [toRecord(record)];
  });
}

function toRecord(citation: Element): PubmedRecord {
  const pmid = line(find(citation, "PMID"));
  if (!/^\d+$/.test(pmid))
    throw new TsloraError("bad-input", `each record of PubMed must have a PMID; got ${JSON.stringify(pmid)}`);
  const article = find(citation, "Article") ?? citation; // a book has its own title, abstract and types
  const titles = ["ArticleTitle", "VernacularTitle"].map((tag) => line(find(article, tag)));
  const bookTitle = line(find(find(article, "Book"), "BookTitle"));
  const types = [...childrenOf(find(article, "PublicationTypeList")), ...childrenOf(article)].filter(
    ({ tag }) => tag === "PublicationType",
  );
  return {
    pmid,
    title: [...titles, bookTitle].find((title) => title !== "") ?? "",
    abstract: childrenOf(find(article, "Abstract"))
      .filter(({ tag }) => tag === "AbstractText")
      .map(section)
      .filter((text) => text !== "")
      .join("\n"),
    retracted: types.some((type) => type.attributes.UI === "D016441" || line(type) === "Retracted Publication"),
  };
}

function section(element: Element): string {
  const text = line(element);
  const label = element.attributes.Label?.trim().toUpperCase() ?? "";
  return text === "" || label === "" || label === "UNLABELLED" || label === "UNLABELED" ? text : `${label}: ${text}`;
}

/** The text of an element and its descendants, on one line. */
function line(element: Element | undefined): string {
  return element === undefined
    ? ""
    : textOf(element)
        .replace(/[ \t\r\n]+/g, " ")
        .trim();
}

function textOf(element: Element): string {
  return element.children.map((child) => (typeof child === "string" ? child : textOf(child))).join("");
}

function find(element: Element | undefined, tag: string): Element | undefined {
  return childrenOf(element).find((child) => child.tag === tag);
}

function childrenOf(element: Element | undefined): Element[] {
  return element === undefined ? [] : element.children.filter((child): child is Element => typeof child !== "string");
}

/** The parser's nodes, `{tag: children, ":@": attributes}` or `{"#text": text}`, as elements. */
function toElements(nodes: unknown): Element[] {
  return toChildren(nodes).filter((child): child is Element => typeof child !== "string");
}

function toChildren(nodes: unknown): (Element | string)[] {
  if (!Array.isArray(nodes)) return [];
  return (nodes as Record<string, unknown>[]).map((node) => {
    if ("#text" in node) return String(node["#text"]);
    const tag = Object.keys(node).find((key) => key !== ":@") ?? "";
    return { tag, attributes: (node[":@"] ?? {}) as Record<string, string>, children: toChildren(node[tag]) };
  });
}
