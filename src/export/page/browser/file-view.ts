/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import type { PageFacts } from "../page-facts";
import { toCsv } from "./csv";
import { decide } from "./decide";
import { byId, make, percent } from "./dom";
import type { Scored } from "./messages";
import { readRecords, type FileText } from "./read-records";

/** Rows that the page shows; the downloaded table has all. */
const MOST_SHOWN = 200;

/** The table of a file's texts. */
export class FileView {
  readonly #facts: PageFacts;
  readonly #threshold: () => number;
  readonly #open: (text: string) => void;
  #name = "";
  #texts: readonly FileText[] = [];
  #rows: Scored[] = [];

  constructor(
    facts: PageFacts,
    calls: {
      threshold: () => number;
      begin: (texts: readonly string[]) => void;
      stop: () => void;
      open: (text: string) => void;
    },
  ) {
    this.#facts = facts;
    this.#threshold = calls.threshold;
    this.#open = calls.open;
    const take = (file: File | undefined): void => {
      if (file !== undefined) void this.#read(file, calls.begin);
    };
    const input = byId("file", HTMLInputElement);
    input.addEventListener("change", () => {
      take(input.files?.[0]);
      input.value = "";
    });
    this.#acceptDrops(take);
    byId("stop", HTMLButtonElement).addEventListener("click", () => {
      calls.stop();
      this.#texts = this.#texts.slice(0, this.#rows.length);
      this.show();
    });
    byId("download", HTMLButtonElement).addEventListener("click", () => this.#download());
  }

  /** Adds predicted rows. After a stop, rows that were still on their way have no text, and are left out. */
  add(from: number, rows: readonly Scored[]): void {
    const kept = rows.slice(0, Math.max(0, this.#texts.length - from));
    this.#rows.splice(from, kept.length, ...kept);
    this.show();
  }

  /** Shows the table with the current threshold. */
  show(): void {
    const [done, all] = [this.#rows.length, this.#texts.length];
    byId("file-result", HTMLElement).hidden = all === 0;
    byId("stop", HTMLButtonElement).hidden = done === all;
    byId("download", HTMLButtonElement).disabled = done === 0;
    const counts = new Map<string, number>();
    for (const row of this.#rows)
      for (const label of this.#decide(row)) counts.set(label, (counts.get(label) ?? 0) + 1);
    const shares = this.#facts.labels.map((label) => `${counts.get(label) ?? 0} ${label}`).join(", ");
    const rest = all > MOST_SHOWN ? ` The page shows the first ${MOST_SHOWN}; the table to download has all.` : "";
    byId("file-status", HTMLElement).textContent = `${this.#name}: ${done} of ${all} texts. ${shares}.${rest}`;
    const body = byId("rows", HTMLElement);
    body.replaceChildren(...this.#rows.slice(0, MOST_SHOWN).map((row, i) => this.#row(row, this.#texts[i])));
  }

  #decide({ probabilities }: Scored): string[] {
    return decide(this.#facts, probabilities, this.#threshold());
  }

  #row(scored: Scored, { id, text }: FileText): HTMLElement {
    const labels = this.#decide(scored);
    const score = Math.max(...scored.probabilities);
    const { labels: all } = this.#facts;
    const shown = all.length === 2 ? scored.probabilities[1] : score;
    const button = make("button", "link", text.replace(/\s+/g, " ").slice(0, 160));
    button.setAttribute("type", "button");
    button.title = "Show this text above";
    button.addEventListener("click", () => this.#open(text));
    return make(
      "tr",
      "",
      make("td", "id", id),
      make("td", "", labels.join(", ") || "–"),
      make("td", "number", percent(shown)),
      make("td", "text", button),
    );
  }

  async #read(file: File, begin: (texts: readonly string[]) => void): Promise<void> {
    try {
      const texts = readRecords(file.name, await file.text());
      this.#name = file.name;
      this.#texts = texts;
      this.#rows = [];
      byId("file-error", HTMLElement).textContent = "";
      this.show();
      begin(texts.map(({ text }) => text));
    } catch (error) {
      byId("file-error", HTMLElement).textContent = error instanceof Error ? error.message : String(error);
    }
  }

  #acceptDrops(take: (file: File | undefined) => void): void {
    const zone = document.body;
    for (const kind of ["dragover", "dragenter"])
      zone.addEventListener(kind, (event) => {
        event.preventDefault();
        zone.classList.add("dragging");
      });
    zone.addEventListener("dragleave", ({ relatedTarget }) => {
      if (relatedTarget === null) zone.classList.remove("dragging");
    });
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      zone.classList.remove("dragging");
      take(event.dataTransfer?.files[0]);
    });
  }

  #download(): void {
    const { labels } = this.#facts;
    const head = ["id", "label", ...labels.map((label) => `probability of ${label}`), "text"];
    const rows = this.#rows.map((row, i) => {
      const { id, text } = this.#texts[i];
      return [id, this.#decide(row).join("; "), ...row.probabilities.map((share) => share.toFixed(6)), text];
    });
    const url = URL.createObjectURL(new Blob(["\ufeff", toCsv([head, ...rows])], { type: "text/csv" }));
    const link = document.createElement("a");
    link.href = url;
    link.download = `${this.#name.replace(/\.\w+$/, "")}-predictions.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }
}
