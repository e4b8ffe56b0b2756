import type { Markdown } from "./types";

/** Text in Markdown, for `show`. */
export function markdown(text: string): Markdown {
  return { kind: "markdown", text };
}
