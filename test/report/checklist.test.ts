import assert from "node:assert/strict";
import { test } from "node:test";

import { studyFacts } from "../../src/report/facts/gather-facts";
import { TRIPOD_AI } from "../../src/report/checklist/tripod-ai";
import { reportPage } from "../../src/report/page/report-page";
import type { StudyFacts } from "../../src/report/facts/study-facts";
import { exampleResults, oldResults } from "./example-results";
import { allOf, openPage } from "./open-page";

/** Follows the link of every filled item; returns how many are filled. */
function followLinks(facts: StudyFacts): number {
  const page = openPage(reportPage(facts));
  let filled = 0;
  for (const { number, status } of facts.checklist) {
    const item = page.getElementById(`item-${number}`);
    assert.ok(item !== null, `item ${number}`);
    const links = allOf(item, "a");
    if (status.kind === "authors") {
      assert.equal(links.length, 0);
      assert.match(item.textContent, /To be completed by the authors/);
      continue;
    }
    filled++;
    assert.equal(links.length, 1, `item ${number}`);
    const target = page.getElementById((links[0].getAttribute("href") ?? "").slice(1));
    assert.ok(target !== null, `item ${number} links to ${links[0].getAttribute("href")}`);
    assert.ok(target.textContent.trim().length > 40, `item ${number}: ${target.textContent}`);
    assert.equal(target.closest("#checklist"), null, `item ${number} links to the checklist`);
    assert.ok(item.textContent.includes(status.text), `item ${number}`);
  }
  return filled;
}

test("TRIPOD+AI has its 27 items, each once and in order", () => {
  assert.deepEqual(
    TRIPOD_AI.map(({ number }) => number),
    Array.from({ length: 27 }, (_, i) => i + 1),
  );
});

test("a run fills at least 20 of the 27 items, and each links to its source on the page", () => {
  const facts = studyFacts(exampleResults());
  assert.ok(followLinks(facts) >= 20);
  const authors = facts.checklist.filter(({ status }) => status.kind === "authors").map(({ topic }) => topic);
  assert.deepEqual(authors, ["Background", "Fairness", "Ethical approval", "Patients and public"]);
});

test("items that a run did not record are left to the authors", () => {
  const filled = followLinks(studyFacts(oldResults()));
  assert.ok(filled < 20 && filled > 5, `${filled}`);
});

test("the methods name the weights that were trained", () => {
  const item = (method: "lora" | "head" | "full"): string => {
    const { status } = studyFacts({ ...oldResults(), method }).checklist[11];
    return status.kind === "from-run" ? status.text : "";
  };
  assert.match(item("lora"), /^my-model with a LoRA adapter and a new head, seed 42\./);
  assert.match(item("head"), /^my-model with the head alone trained, seed 42\./);
  assert.match(item("full"), /^my-model with all weights trained, seed 42\./);
});

test("items contain the run's figures", () => {
  const text = (number: number): string => {
    const status = studyFacts(exampleResults()).checklist[number - 1].status;
    return status.kind === "from-run" ? status.text : "";
  };
  assert.match(text(6), /185 entries were read, 180 kept and 5 left out/);
  assert.match(text(13), /NO <b> 90, YES & more 90 texts/);
  assert.match(text(22), /74,498 of 22,800,000 parameters/);
  assert.match(text(23), /^Accuracy 0\.850 \[/);
});
