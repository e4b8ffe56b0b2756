import { XMLParser, XMLValidator } from "fast-xml-parser";

import { TsloraError } from "../../base/tslora-error";
import {
  childrenOf,
  findElement,
  textOf,
  toPubmedRecord,
  type PubmedElement,
  type PubmedRecord,
} from "./pubmed-record";

export type { PubmedRecord } from "./pubmed-record";

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
        ? findElement(entry, "MedlineCitation")
        : entry.tag === "PubmedBookArticle"
          ? findElement(entry, "BookDocument")
          : undefined;
    return record === undefined ? [] : [toPubmedRecord(record)];
  });
}

/** The parser's nodes, `{tag: children, ":@": attributes}` or `{"#text": text}`, as elements. */
function toElements(nodes: unknown): PubmedElement[] {
  return toChildren(nodes).filter((child): child is PubmedElement => typeof child !== "string");
}

function toChildren(nodes: unknown): (PubmedElement | string)[] {
  if (!Array.isArray(nodes)) return [];
  return (nodes as Record<string, unknown>[]).map((node) => {
    if ("#text" in node) return String(node["#text"]);
    const tag = Object.keys(node).find((key) => key !== ":@") ?? "";
    return { tag, attributes: (node[":@"] ?? {}) as Record<string, string>, children: toChildren(node[tag]) };
  });
}
