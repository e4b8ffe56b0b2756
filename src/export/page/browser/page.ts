/// <reference lib="dom" />
import type { PageFacts } from "../page-facts";
import { byId, debounced, megabytes } from "./dom";
import { FileView } from "./file-view";
import type { Answer, Request, Scored } from "./messages";
import { showResult } from "./result-view";
import { thresholdSlider } from "./threshold-view";
import { showWords } from "./words-view";

/** The text is classified when no key was pressed for so many milliseconds. */
const PAUSE = 200;

const status = byId("status", HTMLElement);

function failed(error: unknown): void {
  status.className = "status error";
  status.textContent = error instanceof Error ? error.message : String(error);
}

async function start(): Promise<void> {
  if (location.protocol === "file:")
    throw new Error(
      "A browser does not let a page from a file read other files. Start a file server in this folder " +
        "(python3 -m http.server, or npx serve) and open the address that it prints. It needs no network.",
    );
  const base = new URL(".", location.href).href;
  const facts = (await (await fetch("page.json")).json()) as PageFacts;
  describe(facts);
  const page = new ClassifierPage(facts, await startWorker());
  page.send({ kind: "load", base, facts });
}

/** A worker from a blob: it inherits the page's Content-Security-Policy, so that it can reach only this site. */
async function startWorker(): Promise<Worker> {
  const script = await (await fetch("worker.js")).text();
  return new Worker(URL.createObjectURL(new Blob([script], { type: "text/javascript" })));
}

/** Connects the text field, the worker and the view of the result. */
class ClassifierPage {
  readonly #facts: PageFacts;
  readonly #worker: Worker;
  readonly #files: FileView;
  readonly #threshold: () => number;
  readonly #input = byId("text", HTMLTextAreaElement);
  #id = 0;
  #requested = ""; // the text of the newest request
  #scored: Scored | undefined;
  #note = "";

  constructor(facts: PageFacts, worker: Worker) {
    this.#facts = facts;
    this.#worker = worker;
    worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => this.#handle(data));
    worker.addEventListener("error", ({ message }) => failed(message));
    this.#threshold = thresholdSlider(facts, () => {
      this.#show();
      this.#files.show();
    });
    this.#files = new FileView(facts, {
      threshold: this.#threshold,
      begin: (texts) => this.send({ kind: "file", id: ++this.#id, texts }),
      stop: () => this.send({ kind: "stop" }),
      open: (text) => {
        this.#input.value = text;
        this.#input.focus();
        this.#classify();
      },
    });
    this.#input.addEventListener(
      "input",
      debounced(() => this.#classify(), PAUSE),
    );
    byId("clear", HTMLButtonElement).addEventListener("click", () => {
      this.#input.value = "";
      this.#input.focus();
      this.#classify();
    });
    this.#show();
    showWords(undefined);
  }

  send(request: Request): void {
    this.#worker.postMessage(request);
  }

  #classify(): void {
    const text = this.#input.value;
    this.#requested = text;
    this.#id++;
    if (text.trim() !== "") return this.send({ kind: "classify", id: this.#id, text });
    this.send({ kind: "stop" });
    this.#scored = undefined;
    this.#note = "";
    this.#show();
    showWords(undefined);
  }

  #handle(answer: Answer): void {
    if ("id" in answer && answer.id !== undefined && answer.id !== this.#id) return; // answers an earlier text
    switch (answer.kind) {
      case "loading":
        status.textContent = `Loading the model: ${megabytes(answer.bytes)} of ${megabytes(answer.total)}`;
        return;
      case "ready":
        status.className = "status ready";
        status.textContent = `Ready. The classifier runs in this browser (${answer.provider === "webgpu" ? "WebGPU" : "WebAssembly"}).`;
        for (const field of document.querySelectorAll<HTMLInputElement>("[data-waits]")) field.disabled = false;
        if (this.#input.value.trim() !== "") this.#classify();
        return;
      case "scored":
        this.#scored = answer;
        this.#note = `${answer.milliseconds.toFixed(0)} ms.`;
        this.#show();
        return;
      case "explained":
        showWords({ ...answer, text: this.#requested, label: this.#facts.labels[answer.label] });
        return;
      case "rows":
        this.#files.add(answer.from, answer.rows);
        return;
      case "failed":
        failed(answer.message);
    }
  }

  #show(): void {
    showResult(this.#facts, { scored: this.#scored, threshold: this.#threshold(), note: this.#note });
  }
}

/** Writes the page's title and the description of its model. */
function describe({ title, model, maxLength, weights, bytes, labels }: PageFacts): void {
  document.title = title;
  byId("title", HTMLElement).textContent = title;
  byId("score-column", HTMLElement).textContent = labels.length === 2 ? `Probability of ${labels[1]}` : "Probability";
  byId("about-model", HTMLElement).textContent =
    `Model: ${model}, with ${weights === "int8" ? "8-bit" : "32-bit"} weights. Texts are cut at ${maxLength} tokens. ` +
    `The browser loads ${megabytes(bytes.all)} once: ${megabytes(bytes.model)} model, ${megabytes(bytes.runtime)} runtime.`;
}

start().catch(failed);
