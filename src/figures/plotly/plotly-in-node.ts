import { createRequire } from "node:module";

import type * as Jsdom from "jsdom";

import { bundleSource } from "./plotly-bundle";
import { RasterContext } from "./raster-canvas";
import { boxInside, boxOnPage, type Box, type ElementLike } from "./svg-box";

/** The parts of a jsdom element that are used here. */
export interface NodeElement extends ElementLike {
  appendChild(child: NodeElement): void;
  remove(): void;
}

/** The parts of plotly.js that are used here. */
export interface PlotlyInNode {
  newPlot(element: NodeElement, data: unknown, layout: unknown, config: unknown): Promise<unknown>;
  purge(element: NodeElement): void;
  readonly Snapshot: { toSVG(element: NodeElement, format: "svg", scale: number): string };
}

/** A page without a screen that has loaded plotly.js. */
export interface PlotlyPage {
  readonly plotly: PlotlyInNode;
  readonly document: { readonly body: NodeElement; createElement(name: string): NodeElement };
}

interface CanvasLike {
  width: number;
  height: number;
  raster?: RasterContext;
}

interface PageWindow {
  readonly document: PlotlyPage["document"];
  readonly Plotly: PlotlyInNode;
  readonly Element: { readonly prototype: object };
  readonly SVGElement: { readonly prototype: object };
  readonly HTMLCanvasElement: { readonly prototype: object };
  readonly URL: object;
  eval(source: string): void;
}

let page: PlotlyPage | undefined;

/**
 * plotly.js in a jsdom page, made at first use (half a second) and cached. It is the small build: most other trace
 * types need WebGL or maps from the network.
 */
export function plotlyInNode(): PlotlyPage {
  return (page ??= openPage());
}

function openPage(): PlotlyPage {
  // loaded at first use, since importing tslora must be quick
  const { JSDOM, VirtualConsole } = createRequire(__filename)("jsdom") as typeof Jsdom;
  const window = new JSDOM("<!doctype html><body></body>", {
    runScripts: "outside-only",
    virtualConsole: new VirtualConsole(),
  }).window as PageWindow;
  supplyWhatJsdomLacks(window);
  window.eval(bundleSource("cartesian"));
  return { plotly: window.Plotly, document: window.document };
}

/** Replaces layout and painting, which jsdom lacks: estimates sizes of texts, and draws canvases into plain pixels. */
function supplyWhatJsdomLacks(window: PageWindow): void {
  Object.assign(window.SVGElement.prototype, {
    getBBox(this: NodeElement): Box {
      return boxInside(this);
    },
    getComputedTextLength(this: NodeElement): number {
      return boxInside(this).width;
    },
  });
  Object.assign(window.Element.prototype, {
    getBoundingClientRect(this: NodeElement): Box {
      return boxOnPage(this);
    },
  });
  Object.assign(window.HTMLCanvasElement.prototype, {
    getContext(this: CanvasLike): RasterContext {
      return (this.raster ??= new RasterContext(this.width, this.height));
    },
    toDataURL(this: CanvasLike): string {
      return (this.raster ??= new RasterContext(this.width, this.height)).toDataUrl();
    },
  });
  Object.assign(window.URL, { createObjectURL: () => "" }); // called at start, for maps that are not drawn here
}
