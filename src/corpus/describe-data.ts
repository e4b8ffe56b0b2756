import { basename, extname, join } from "node:path";

import type { DataFrame } from "danfojs-node";

import { sha256OfFile } from "../base/files/sha256-of-file";
import { projectRoot } from "../base/project-root";
import { TsloraError } from "../base/tslora-error";
import { cleanTexts } from "./text/clean-text";
import type { Corpus } from "./corpus";
import { readFrame } from "./read-frame";
import { readPmids } from "./pubmed/read-pmids";
import { STUDY_REMARKS, type StudyStep } from "./text/study-remarks";

/** The data of a run: the published study's, the embedded sample, or the user's own. */
export type DataAbout = "study" | "sample" | "data";

/** Facts about the data of a notebook; see {@link describeData}. */
export interface DataDescription {
  readonly about: DataAbout;
  /** The data's name: "the study's abstracts", "the embedded sample", or the file's or folder's name. */
  readonly name: string;
  /** The labels' names in order, as the classifier uses them. */
  readonly labels: readonly string[];
  /** The classes' names in the data, in the order of the labels. */
  readonly classNames: readonly string[];
  /** Options for `evaluateBaseline`. With fewer than 50 texts, terms that occur in only one text count as well. */
  readonly baseline: { readonly labels: readonly string[]; readonly minDf: number };
  /** Name of an ID: "PMID" or "ID". */
  readonly idName: string;
  /** Columns to hide: their texts must not be quoted. */
  readonly hide: readonly string[];
  /** A name for a repository on the Hub. */
  readonly slug: string;
  /** Banner with the data in use, and a caution about results on them. */
  readonly banner: { readonly title: string; readonly text: string; readonly level: "info" | "warning" };
  /** Cleans texts in the study's format as the study does; returns other texts unchanged. */
  clean(frame: DataFrame): DataFrame;
  /** The classes for a stratified split: for the user's own data if each label has enough texts; else undefined. */
  stratify(frame: DataFrame): readonly number[] | undefined;
  /** Remark about the published study at a step, in Markdown; empty for other data. */
  remark(step: StudyStep): string;
}

/** A stratified 60/20/20 split needs at least so many texts of each label. */
const STRATIFIED_FROM = 5;

/** Below this number of texts, terms that occur in only one text count too. */
const FEW = 50;

/**
 * Data count as the study's if they hold at least this share of its texts. It is below 1, since PubMed withdraws
 * records.
 */
const STUDY_SHARE = 0.9;

/**
 * Recognizes the data of a corpus by its texts' IDs and labels, not by its path. Returns what a notebook needs: names,
 * the split, the cleaning, and whether to compare with the published study.
 *
 * @throws TsloraError `bad-input` if the frame has not the columns of a corpus.
 */
export async function describeData(corpus: Corpus): Promise<DataDescription> {
  const { frame, report, source } = corpus;
  const { texts, ID, label } = readFrame(frame);
  const about = await aboutOf(corpus, { ID, label });
  const inFormat = texts.every((text) => /^\s*<ID:[^>\n]*>/.test(text));
  const names = [...report.classes].sort((a, b) => a.label - b.label).map(({ name }) => name);
  const own = about === "data";
  const file = basename(source.path);
  const counts = report.classes.map(({ count }) => count);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const name = { study: "the study's abstracts", sample: "the embedded sample", data: file }[about];
  const labels = own ? names : ["NEGATIVE", "POSITIVE"];
  return {
    about,
    name,
    labels,
    baseline: { labels, minDf: total < FEW ? 1 : 2 },
    classNames: { study: ["Non-Cancer", "Cancer"], sample: ["NEGATIVE", "POSITIVE"], data: names }[about],
    idName: about === "study" ? "PMID" : "ID",
    hide: about === "study" ? ["texts"] : [],
    slug: about === "study" ? "cancer-abstracts" : about === "sample" ? "sample" : slugOf(file),
    banner: {
      study: {
        title: "Data in use: the study's abstracts",
        text: `${total} PubMed abstracts, by their PMIDs and labels.`,
        level: "info" as const,
      },
      sample: {
        title: "Data in use: the embedded sample, not the study's data",
        text: corpus.banner ?? "",
        level: "warning" as const,
      },
      data: { title: `Data in use: ${file}`, text: dataText(names, counts), level: "info" as const },
    }[about],
    stratify: (part) => (own && Math.min(...counts) >= STRATIFIED_FROM ? readFrame(part).label : undefined),
    clean: (part) => (inFormat ? cleanTexts(part) : part),
    remark: (step) => (about === "study" ? STUDY_REMARKS[step] : ""),
  };
}

/**
 * Checks that a training part has a text of every label.
 *
 * @throws TsloraError `bad-input` if a label has no text
 */
export function expectAllLabels(part: DataFrame, labels: readonly string[]): void {
  const present = new Set(readFrame(part).label);
  const missing = labels.filter((_, label) => !present.has(label));
  if (missing.length === 0) return;
  throw new TsloraError(
    "bad-input",
    `The training part must have texts of every label; it has none of ${missing
      .slice(0, 5)
      .map((name) => JSON.stringify(name))
      .join(", ")}. Give ${STRATIFIED_FROM} texts or more of each label.`,
  );
}

/** Numbers labels in the given order, for `loadCorpus`; undefined without names, which means the data's own order. */
export function numberLabels(names: readonly string[]): Readonly<Record<string, number>> | undefined {
  return names.length === 0 ? undefined : Object.fromEntries(names.map((name, label) => [name, label]));
}

async function aboutOf(
  { source }: Corpus,
  { ID, label }: { ID: readonly string[]; label: readonly number[] },
): Promise<DataAbout> {
  const folder = join(projectRoot(), "data");
  if (source.kind === "sample") return "sample";
  if ("sha256" in source && source.sha256 === (await sha256OfFile(join(folder, "sample.jsonl")).catch(() => undefined)))
    return "sample";
  const pmids = await readPmids(join(folder, "pmids.csv")).catch(() => []);
  const known = new Map(pmids.map((one) => [one.pmid, one.label]));
  const isStudy = ID.length >= STUDY_SHARE * known.size && ID.every((id, row) => known.get(id) === label[row]);
  return isStudy && known.size > 0 ? "study" : "data";
}

function dataText(names: readonly string[], counts: readonly number[]): string {
  const shown = names.slice(0, 12).map((name, label) => `${counts[label]} of ${name}`);
  const more = names.length > shown.length ? `, and ${names.length - shown.length} more` : "";
  const total = counts.reduce((sum, count) => sum + count, 0);
  return `${total} texts with ${names.length} labels: ${shown.join(", ")}${more}. The published study's figures do not apply to them.`;
}

function slugOf(file: string): string {
  const stem = basename(file, extname(file))
    .replace(/[^\w.-]+/g, "-")
    .replace(/^[-.]+|[-.]+$/g, "");
  return stem === "" ? "my-texts" : stem;
}
