import assert from "node:assert/strict";
import { test } from "node:test";

import { TsloraError } from "../../src/base/tslora-error";
import { parsePubmedXml } from "../../src/corpus/pubmed/parse-pubmed-xml";
import { articleXml, setXml } from "./eutils-server";

const only = (title: string, abstract?: string, types?: string): ReturnType<typeof parsePubmedXml>[number] =>
  parsePubmedXml(setXml(articleXml("123", { title, abstract, types })))[0];

test("inline markup gives its text, entities their characters, and blanks around both stay", () => {
  const record = only(
    "Of <i>TP53</i> &amp; more.",
    "<AbstractText>p &lt; 0.05, 10<sup>9</sup>\n   cells of <b><i>E. coli</i></b> &#x3b1;&#8211;&#946; CO<sub>2</sub>.</AbstractText><CopyrightInformation>Of nobody.</CopyrightInformation>",
  );
  assert.deepEqual(record, {
    pmid: "123",
    title: "Of TP53 & more.",
    abstract: "p < 0.05, 109 cells of E. coli \u03b1\u2013\u03b2 CO2.",
    retracted: false,
  });
});

test("structured abstracts give one line per section, with its label", () => {
  const { abstract } = only(
    "T.",
    '<AbstractText Label="AIMS &amp; SCOPE" NlmCategory="OBJECTIVE">To see.</AbstractText><AbstractText Label="Methods"/><AbstractText Label="UNLABELLED">Seen.</AbstractText><AbstractText>Done.</AbstractText>',
  );
  assert.equal(abstract, "AIMS & SCOPE: To see.\nSeen.\nDone.");
});

test("numbers in texts stay text, and empty titles stay empty", () => {
  assert.equal(only("007").title, "007");
  assert.deepEqual([only("").title, only("").abstract], ["", ""]);
  assert.equal(only("", "<AbstractText>1e3</AbstractText>").abstract, "1e3");
});

test("mathematics gives its symbols, CDATA its text", () => {
  assert.equal(
    only(
      "T.",
      '<AbstractText>With <mml:math xmlns:mml="http://www.w3.org/1998/Math/MathML"><mml:mi>x</mml:mi><mml:mo>=</mml:mo><mml:mn>2</mml:mn></mml:math> and <![CDATA[a < b]]>.</AbstractText>',
    ).abstract,
    "With x=2 and a < b.",
  );
});

test("retracted publications are separated from notices of retraction", () => {
  assert.equal(
    only("T.", undefined, '<PublicationType UI="D016441">Retracted Publication</PublicationType>').retracted,
    true,
  );
  assert.equal(only("T.", undefined, "<PublicationType>Retracted Publication</PublicationType>").retracted, true);
  assert.equal(
    only("T.", undefined, '<PublicationType UI="D016440">Retraction of Publication</PublicationType>').retracted,
    false,
  );
});

test("books, and articles that have only a title in their own language", () => {
  const book =
    '<PubmedBookArticle><BookDocument><PMID Version="1">77</PMID><Book><BookTitle book="x">The book</BookTitle></Book><ArticleTitle book="x">The chapter</ArticleTitle><PublicationType UI="D016454">Review</PublicationType><Abstract><AbstractText>Chapter words.</AbstractText></Abstract></BookDocument></PubmedBookArticle>';
  assert.deepEqual(parsePubmedXml(setXml(book)), [
    { pmid: "77", title: "The chapter", abstract: "Chapter words.", retracted: false },
  ]);
  const whole = book.replace('<ArticleTitle book="x">The chapter</ArticleTitle>', "");
  assert.equal(parsePubmedXml(setXml(whole))[0].title, "The book");
  const vernacular = articleXml("5", { title: "" }).replace(
    "</ArticleTitle>",
    "</ArticleTitle><VernacularTitle>Der Titel</VernacularTitle>",
  );
  assert.equal(parsePubmedXml(setXml(vernacular))[0].title, "Der Titel");
});

test("citations within a record and deleted records do not count as records", () => {
  const xml = setXml(
    `${articleXml("10", { title: "A." })}${articleXml("11", { title: "B." })}<DeleteCitation><PMID Version="1">12</PMID></DeleteCitation>`,
  );
  assert.deepEqual(
    parsePubmedXml(xml).map(({ pmid }) => pmid),
    ["10", "11"],
  );
  assert.deepEqual(parsePubmedXml("<PubmedArticleSet></PubmedArticleSet>"), []);
});

test("many references are decoded in one answer", () => {
  const { abstract } = only("T.", `<AbstractText>${"&lt;&#xa0;".repeat(20_000)}|</AbstractText>`);
  assert.equal(abstract, `${"<\u00a0".repeat(20_000)}|`);
});

test("anything but a complete PubmedArticleSet is refused, with its kind in the message", () => {
  const refused = (xml: string, expected: RegExp): void => {
    assert.throws(
      () => parsePubmedXml(xml),
      (error: unknown) => error instanceof TsloraError && error.code === "bad-input" && expected.test(error.message),
    );
  };
  const whole = setXml(articleXml("10", { title: "A.", abstract: "<AbstractText>B</AbstractText>" }));
  for (const share of [0.3, 0.5, 0.7, 0.9, 0.99])
    refused(whole.slice(0, Math.floor(whole.length * share)), /whole XML/);
  refused("<eFetchResult><ERROR>Unable to obtain query</ERROR></eFetchResult>", /eFetchResult: Unable to obtain query/);
  refused("<html><body>Maintenance</body></html>", /got html: Maintenance/);
  refused('{"error":"API rate limit exceeded"}', /XML/);
  refused("", /XML/);
  refused(
    setXml("<PubmedArticle><MedlineCitation><PMID></PMID></MedlineCitation></PubmedArticle>"),
    /each record of PubMed must have a PMID/,
  );
});
