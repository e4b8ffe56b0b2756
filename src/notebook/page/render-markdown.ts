import { runInNewContext } from "node:vm";

import { escapeHtml } from "./escape-html";

/** Milliseconds that all Markdown of a page may take: prose takes a few, a malicious text hours. */
const MOST_MS = 30_000;

/**
 * Makes a renderer with a time limit. A text that is nested too deeply, or takes longer than the time left, is shown
 * unrendered.
 *
 * @param render - renders Markdown
 */
export function boundedMarkdown(render: (text: string) => string): (text: string) => string {
  let left = MOST_MS;
  return (text) => {
    const start = performance.now();
    try {
      if (left < 1) return plain(text);
      return String(runInNewContext("render()", { render: () => render(text) }, { timeout: Math.ceil(left) }));
    } catch (error) {
      if (error instanceof RangeError || isTimeout(error)) return plain(text);
      throw error;
    } finally {
      left -= performance.now() - start;
    }
  };
}

function plain(text: string): string {
  return `<pre>${escapeHtml(text)}</pre>`;
}

function isTimeout(error: unknown): boolean {
  return (
    typeof error === "object" && error !== null && "code" in error && error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT"
  );
}
