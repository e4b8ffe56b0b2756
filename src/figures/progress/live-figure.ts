import type { Display } from "../kernel-display";
import { processOutput, type Output } from "../output";
import { renderSvg } from "../plotly/render-svg";
import { showFigure } from "../show";
import type { Figure } from "../types";

/** Options of {@link liveFigure}. */
export interface LiveFigureOptions {
  /** Minimum number of seconds between two drawings. @default 2 */
  readonly everySeconds?: number;
  /** The place for the output. @default as `show` */
  readonly output?: Output;
  /** A clock in milliseconds. @default performance.now */
  readonly now?: () => number;
}

/** A figure that changes in place; see {@link liveFigure}. */
export interface LiveFigure {
  /**
   * Draws the figure that `make` returns, unless the last drawing is too recent; `make` is called only for a drawing.
   */
  update(make: () => Figure): void;
  /** Replaces the picture by the figure, as `show` shows it. */
  finish(figure: Figure): void;
}

/** The largest share of the time for drawing, on any machine. */
const DRAWING_SHARE = 0.05;

/**
 * A figure that is redrawn in place during other work, as a small static picture. `finish` replaces it by the figure's
 * interactive and static form. Outside a notebook only the last state is shown.
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

/** The two places of a figure; the interactive one comes first, since the page searches for the picture after it. */
function openPlaces(output: Extract<Output, { kind: "notebook" }>): { interactive: Display; picture: Display } {
  const places = { interactive: output.newDisplay(), picture: output.newDisplay() };
  places.interactive.html("<span></span>", "");
  return places;
}
