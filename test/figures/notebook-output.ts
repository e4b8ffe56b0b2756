import type { Output } from "../../src/figures/output";

/** One place in a cell's output: what it holds now, and how often it was written. */
export interface Place {
  mime: string;
  text: string;
  writes: number;
}

/** A notebook's cell that keeps what is shown in it, in order of first writing, as a notebook file does. */
export function notebookOutput(): { output: Extract<Output, { kind: "notebook" }>; places: Place[] } {
  const places: Place[] = [];
  const newDisplay = (): { html(text: string): void; svg(text: string): void; markdown(text: string): void } => {
    let place: Place | undefined;
    const write = (mime: string, text: string): void => {
      if (place === undefined) {
        place = { mime, text, writes: 0 };
        places.push(place);
      }
      Object.assign(place, { mime, text, writes: place.writes + 1 });
    };
    return {
      html: (text) => write("text/html", text),
      svg: (text) => write("image/svg+xml", text),
      markdown: (text) => write("text/markdown", text),
    };
  };
  return { output: { kind: "notebook", newDisplay, run: {} }, places };
}

/** A log that keeps what is written to it. */
export function textOutput(): { output: Extract<Output, { kind: "text" }>; lines: () => string[] } {
  let all = "";
  return {
    output: { kind: "text", terminal: false, write: (text) => void (all += text) },
    lines: () => all.split("\n").slice(0, -1),
  };
}
