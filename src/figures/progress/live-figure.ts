import type { Display } from "../kernel-display";
import { processOutput, type Output } from "../output";
import { renderSvg } from "../plotly/render-svg";
import { showFigure } from "../show";
import type { Figure } from "../types";

/** Options of {@link liveFigure}. */
export interface LiveFigureOptions {
  /** The least seconds between two drawings. @default 2 */
  readonly everySeconds?: number;
  /** Where to show it. @default as `show` */
  readonly output?: Output;
  /** Milliseconds since any fixed moment. @default performance.now */
  readonly now?: () => number;
}

/** A figure that changes in place; see {@link liveFigure}. */
export interface LiveFigure {
  /** Draws what `make` gives, unless the last drawing is too fresh; `make` is called only when it is drawn. */
  update(make: () => Figure): void;
  /** Leaves the figure as `show` would have shown it, in the same place. */
  finish(figure: Figure): void;
}

/** Drawing takes no more than this share of the time, however slow the machine is. */
const DRAWING_SHARE = 0.05;

/**
 * A figure that is drawn again and again in one place while something goes on: as a small static picture at first,
 * which `finish` replaces by the figure's interactive and static form. Outside a notebook only the last state is shown.
 */
export function liveFigure(options: LiveFigureOptions = {}): LiveFigure {
  const { everySeconds = 2, output = processOutput(), now = () => performance.now() } = options;
  let places: { interactive: Display; picture: Display } | undefined;
  let nextAt = -Infinity;

  return {
    update(make: () => Figure): void {
      const startedAt = now();
      if (output.kind === "text" || startedAt < nextAt) return;
      const isFirst = places === undefined;
      places ??= openPlaces(output);
      places.picture.svg(renderSvg(make()));
      // the first drawing also loads the library, so its time does not predict the next one
      const pause = isFirst ? 0 : (now() - startedAt) / DRAWING_SHARE;
      nextAt = Math.max(startedAt + 1000 * everySeconds, now() + pause);
    },
    finish(figure: Figure): void {
      if (output.kind === "text") return output.write(`${figure.text}\n`);
      places ??= openPlaces(output);
      showFigure(figure, { ...places, run: output.run });
    },
  };
}

/**
 * The two places of a figure; the first must be there before the second, since the page looks for the picture after it.
 */
function openPlaces(output: Extract<Output, { kind: "notebook" }>): { interactive: Display; picture: Display } {
  const places = { interactive: output.newDisplay(), picture: output.newDisplay() };
  places.interactive.html("<span></span>", "");
  return places;
}
