import type { Random } from "../../../src/base/random";

/** A file of PubMed around articles and deletions. */
export const published = (content: string): string =>
  `<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE PubmedArticleSet SYSTEM "http://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd">\n<PubmedArticleSet>\n${content}\n</PubmedArticleSet>\n`;

/** An article as the baseline has it, with references that have PMIDs of their own. */
export const article = (pmid: string, abstract = `Text of ${pmid}.`, version = 1): string =>
  `<PubmedArticle><MedlineCitation Status="MEDLINE" Owner="NLM"><PMID Version="${version}">${pmid}</PMID><Article PubModel="Print"><Journal><Title>Of a journal</Title></Journal><ArticleTitle>Title of ${pmid}.</ArticleTitle>${abstract === "" ? "" : `<Abstract>${/</.test(abstract) ? abstract : `<AbstractText>${abstract}</AbstractText>`}</Abstract>`}</Article></MedlineCitation><PubmedData><ReferenceList><Reference><ArticleIdList><ArticleId IdType="pubmed">99</ArticleId></ArticleIdList></Reference></ReferenceList></PubmedData></PubmedArticle>`;

export const deletions = (...pmids: readonly string[]): string =>
  `<DeleteCitation>\n${pmids.map((pmid) => `<PMID Version="1">${pmid}</PMID>\n`).join("")}</DeleteCitation>`;

const WORDS = [
  "cells",
  "of",
  "µ-opioid",
  "p &lt; 0.05",
  "α",
  "&amp;",
  "𝛽",
  "10",
  "&#x3b1;",
  "\n   ",
  "<i>E. coli</i>",
  "CO<sub>2</sub>",
  "<![CDATA[a < b]]>",
];
const LABELS = ["", ' Label="METHODS"', ' Label="Aims &amp; scope" NlmCategory="OBJECTIVE"', ' Label="UNLABELLED"'];

/** An article with random sections, inline markup, entities and empty parts. */
export function randomArticle(pmid: string, random: Random): string {
  const pick = <T>(list: readonly T[]): T => list[random.uint32() % list.length];
  const words = (most: number): string => Array.from({ length: random.uint32() % most }, () => pick(WORDS)).join(" ");
  const sections = Array.from({ length: random.uint32() % 4 }, () =>
    random.uint32() % 5 === 0 ? "<AbstractText/>" : `<AbstractText${pick(LABELS)}>${words(30)}</AbstractText>`,
  ).join(pick(["", "\n"]));
  const title =
    random.uint32() % 6 === 0
      ? `<ArticleTitle/><VernacularTitle>${words(5)}</VernacularTitle>`
      : `<ArticleTitle>${words(8)}</ArticleTitle>`;
  const [open, close] = random.uint32() % 8 === 0 ? ["", ""] : ["<Article>", "</Article>"];
  return `<PubmedArticle><MedlineCitation><PMID Version="1">${pmid}</PMID>${open}<Journal><Title>${words(3)}</Title></Journal>${title}<Abstract>${sections}<CopyrightInformation>${words(3)}</CopyrightInformation></Abstract>${close}<OtherAbstract><AbstractText>other</AbstractText></OtherAbstract></MedlineCitation></PubmedArticle>`;
}
