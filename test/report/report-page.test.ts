import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { studyFacts } from "../../src/report/facts/gather-facts";
import { reportPage } from "../../src/report/page/report-page";
import type { StudyResults } from "../../src/report/study-results";
import type { TrainSummary } from "../../src/training/train-event";
import { exampleResults, MARKUP, oldResults } from "./example-results";
import { allOf, openPage } from "./open-page";

const written = new Date("2026-01-02T03:04:05Z");
const html = reportPage(studyFacts(exampleResults(), { written }));
const page = openPage(html);

test("the page fetches nothing, and its policy forbids it", () => {
  const policy = page.querySelector("meta[http-equiv='Content-Security-Policy']")?.getAttribute("content") ?? "";
  assert.match(policy, /^default-src 'none';/);
  assert.deepEqual(allOf(page, "link, img, iframe, object, embed, video, audio, source, form, base"), []);
  assert.deepEqual(allOf(page, "[src], [srcset], [onload], [onerror]"), []);
  for (const image of allOf(page, "image, use"))
    assert.match(image.getAttribute("xlink:href") ?? "", /^(data:image\/png;base64,|#)/);
  assert.doesNotMatch(html, /@import|url\((?!#|&#39;#|'#)/);
  const scripts = allOf(page, "script");
  assert.equal(scripts.length, 1);
  const hash = createHash("sha256").update(scripts[0].textContent).digest("base64");
  assert.ok(policy.includes(`script-src 'sha256-${hash}'`), policy);
  assert.doesNotMatch(scripts[0].textContent, /fetch|XMLHttp|import|eval/);
  for (const link of allOf(page, "a")) assert.match(link.getAttribute("href") ?? "", /^(#[\w-]+|[\w.]+\.(html|json))$/);
  assert.ok(html.length < 3_000_000 && html.length > 20_000, `${html.length} characters`);
});

test("names with markup are text", () => {
  assert.ok(page.querySelector("#errors-list")?.textContent.includes(MARKUP));
  assert.ok(page.querySelector("header")?.textContent.includes(`Caution: ${MARKUP}`));
  assert.ok(page.querySelector("h1")?.textContent.includes("NO <b> and YES & more"));
  assert.deepEqual(allOf(page, "img, td b, th b, h1 b, p b"), []);
  const titled = openPage(reportPage(studyFacts({ ...exampleResults(), model: "</title><script>alert(1)</script>" })));
  assert.equal(allOf(titled, "script").length, 1);
});

test("the page can be used by keyboard and by screen reader", () => {
  for (const selector of ["html[lang]", "header h1", "nav[aria-label]", "main#main", "footer"])
    assert.equal(allOf(page, selector).length, 1, selector);
  const [skip] = allOf(page, "a");
  assert.equal(skip.getAttribute("href"), "#main");
  for (const table of allOf(page, "table")) {
    assert.notEqual(table.querySelector("caption")?.textContent.trim() ?? "", "", table.id);
    assert.ok(
      allOf(table, "thead th").every((head) => head.getAttribute("scope") === "col"),
      table.id,
    );
    assert.ok(
      allOf(table, "tbody tr").every((row) => row.querySelector("th[scope=row]") !== null),
      table.id,
    );
  }
  for (const svg of allOf(page, "svg")) {
    assert.equal(svg.getAttribute("role"), "img");
    assert.notEqual(svg.getAttribute("aria-label") ?? "", "");
  }
  for (const figure of allOf(page, "figure"))
    assert.notEqual(figure.querySelector("details pre")?.textContent.trim() ?? "", "", figure.id);
  for (const one of allOf(page, "[aria-labelledby]"))
    assert.ok(page.getElementById(one.getAttribute("aria-labelledby") ?? ""), one.id);
  for (const section of allOf(page, "main > section")) assert.ok(section.querySelector("h2"), section.id);
  assert.match(html, /@media print/);
  assert.match(html, /prefers-color-scheme: dark/);
});

test("ids are unique, and every link within the page leads to a part with a text", () => {
  const ids = allOf(page, "[id]").map(({ id }) => id);
  assert.deepEqual(
    ids.filter((id, at) => ids.indexOf(id) !== at),
    [],
  );
  const links = allOf(page, "a[href^='#']");
  assert.ok(links.length > 30);
  for (const link of links) {
    const target = page.getElementById((link.getAttribute("href") ?? "").slice(1));
    assert.notEqual(target?.textContent.trim() ?? "", "", link.getAttribute("href") ?? "");
  }
});

test("figures use the page's colours, so that they are readable in dark mode", () => {
  const svgs = allOf(page, "svg");
  assert.ok(svgs.length >= 9, `${svgs.length} figures`);
  for (const [svg] of html.matchAll(/<svg[^]*?<\/svg>/g)) {
    assert.doesNotMatch(svg, /rgb\(255, 255, 255\)|rgb\(36, 41, 47\)/);
    assert.match(svg, /var\(--text\)/);
  }
});

test("no folder of the machine is on the page", () => {
  assert.doesNotMatch(html, /\/home\/someone/);
  assert.ok(page.querySelector("main")?.textContent.includes("my-model"));
});

test("results of older versions give a page that names missing facts and the command that records them", () => {
  const old = openPage(reportPage(studyFacts(oldResults(), { written })));
  for (const id of ["data", "audit", "method", "errors", "other-texts", "repeat"]) {
    const section = old.getElementById(id);
    assert.match(section?.textContent ?? "", /This run did not record/, id);
    const commands = section === null ? [] : allOf(section, "pre").map((pre) => pre.textContent);
    assert.ok(
      commands.some((command) => /^(npm run study|npx tslora) ?/.test(command)),
      id,
    );
  }
  assert.equal(old.querySelector("#errors-list"), null);
  assert.ok(old.querySelector("#results-comparison"));
});

/** Results as `tslora train` writes them: without the data's name, and with a summary. */
function trainResults(data = "csv"): StudyResults {
  const { dataName, ...rest } = oldResults();
  assert.notEqual(dataName, undefined);
  const training: TrainSummary = { type: "end", steps: 12, elapsedSeconds: 61.2, stopped: false, reason: "finished" };
  return { ...rest, data, training };
}

test("results of tslora train give a page with its own command, and the study that records what is missing", () => {
  const facts = studyFacts(trainResults(), { written });
  assert.equal(facts.subject.madeBy, "train");
  assert.equal(facts.subject.dataName, "a CSV file");
  assert.match(facts.title, / trained on a CSV file$/);
  assert.equal(
    facts.commands[0].command,
    "npx tslora train --config output/train/training_args.json --output-dir output/repeated",
  );
  const trained = openPage(reportPage(facts));
  for (const id of ["data", "method", "errors", "repeat"]) {
    const section = trained.getElementById(id);
    assert.match(section?.textContent ?? "", /This run did not record .*: tslora train does not\./, id);
    const commands = section === null ? [] : allOf(section, "pre").map((pre) => pre.textContent);
    assert.ok(
      commands.some((command) =>
        / study (-- )?-p data=texts\.csv -p model=my-model -p method=lora -p seed=42$/.test(command),
      ),
      `${id}: ${commands.join("; ")}`,
    );
  }
  const head = openPage(reportPage(studyFacts({ ...trainResults("sample"), method: "head" }, { written })));
  const commands = allOf(head, "#data pre").map((pre) => pre.textContent);
  assert.match(commands[0], / -p data=sample -p model=my-model -p seed=42$/); // the study does not train the head alone
});

test("commands name the data of the run where its results record them", () => {
  const pubmed = studyFacts(trainResults("pubmed"), { written });
  const page = openPage(reportPage(pubmed));
  const commands = (id: string): string[] => allOf(page, `#${id} pre`).map((pre) => pre.textContent);
  assert.match(commands("data")[0], / -p data=pubmed -p model=my-model /);
  assert.deepEqual(commands("audit"), ["npx tslora audit --data pubmed --output issues.csv"]);
  assert.ok(commands("repeat").includes("npx tslora audit --data pubmed --output issues.csv"));
  const auditOf = (results: StudyResults): string[] =>
    studyFacts(results, { written }).commands.flatMap(({ command }) => (/ audit /.test(command) ? [command] : []));
  const evidence = exampleResults().evidence;
  assert.ok(evidence !== undefined);
  const ofFile = (file: string): StudyResults => ({
    ...exampleResults(),
    evidence: { ...evidence, data: { ...evidence.data, source: { kind: "csv", file } } },
  });
  assert.deepEqual(auditOf(ofFile("my texts.csv")), ["npx tslora audit --data 'my texts.csv' --output issues.csv"]);
  assert.deepEqual(auditOf(ofFile("/home/me/a.csv")), ["npx tslora audit --data a.csv --output issues.csv"]);
  const given = { textColumn: "the abstract", textPair: null, labelColumn: "class" };
  const ofColumns = { ...ofFile("a.csv"), evidence: { ...ofFile("a.csv").evidence, settings: given } } as StudyResults;
  assert.deepEqual(auditOf(ofColumns), [
    "npx tslora audit --data a.csv --text-column 'the abstract' --label-column class --output issues.csv",
  ]);
  assert.deepEqual(auditOf(trainResults("csv")), ["npx tslora audit --data texts.csv --output issues.csv"]);
  assert.deepEqual(auditOf(trainResults("sample")), ["npx tslora audit --data sample --output issues.csv"]);
});

test("data without a name are named by the kind of their source, and the sample is not the user's data", () => {
  const subjectOf = (data: string): string[] => {
    const { dataName, about } = studyFacts(trainResults(data), { written }).subject;
    return [dataName, about];
  };
  assert.deepEqual(subjectOf("sample"), ["the embedded sample", "sample"]);
  assert.deepEqual(subjectOf("folder"), ["a folder of texts", "data"]);
  assert.deepEqual(subjectOf("constructor"), ["constructor", "data"]);
  assert.equal(studyFacts(exampleResults(), { written }).subject.madeBy, "study");
});

test("a figure's name may hold the patterns of a replacement", () => {
  const labels = ["costs $&", "costs $$"];
  const dollars = openPage(reportPage(studyFacts(oldResults(labels), { written })));
  const name = dollars.querySelector("#calibration-reliability svg")?.getAttribute("aria-label") ?? "";
  assert.equal(name, "Reliability of the probabilities of the label costs $$");
  const reversed = openPage(reportPage(studyFacts(oldResults([...labels].reverse()), { written })));
  const other = reversed.querySelector("#calibration-reliability svg")?.getAttribute("aria-label") ?? "";
  assert.equal(other, "Reliability of the probabilities of the label costs $&");
});

test("the page of three labels has no curves of two labels", () => {
  const labels = ["a", "b", "c"];
  const three = openPage(reportPage(studyFacts(oldResults(labels), { written })));
  assert.equal(three.querySelector("#results-roc"), null);
  assert.equal(three.querySelector("#other-texts-prevalence"), null);
  assert.ok(three.querySelector("#calibration-reliability"));
  assert.equal(allOf(three, "#results-labels tbody tr").length, 3);
});

test("the command that repeats a run quotes characters that a shell would interpret", () => {
  const facts = studyFacts(exampleResults(), {
    written,
    parameters: [
      { name: "model", value: "embedded", raw: false },
      { name: "data", value: "/home/someone/it's data.csv", raw: true },
    ],
  });
  assert.match(facts.commands[0].command, /study.* -p model=embedded -r 'data=it'\\''s data\.csv'$/);
  const all = studyFacts(exampleResults(), { written }).commands[0].command;
  assert.match(all, /-p model=auto -p epochs=3 -p 'labels=\[\]' -p learningRate=null /);
  assert.match(studyFacts(oldResults(), { written }).commands[0].does, /do not record its parameters/);
});
