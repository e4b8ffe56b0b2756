import { jsonForScript } from "../escape";
import { themeLayout } from "../plots/theme-layout";

// Runs in the reader's page: Jupyter Lab, an exported page, an editor's notebook view. Plain JavaScript, since it is
// sent as text. The figures of a page share `window.tsloraFigures`: the unpacked builds of plotly.js, and the figures
// that wait for one. Outputs are drawn in any order, and more than once.

/** Unpacks plotly.js from its gzip-compressed base64 text, once per page, and draws the figures that wait for it. */
const CARRY = `(bundle, packed) => {
  const shared = (window.tsloraFigures ??= { plotly: {}, waiting: {} });
  shared.plotly[bundle] ??= (async () => {
    const bytes = Uint8Array.from(atob(packed), (character) => character.charCodeAt(0));
    const source = await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
    const mine = {};
    const theirs = window.Plotly;
    window.tsloraModule = mine;
    const script = document.createElement("script");
    script.textContent = "(function (module, exports) {" + source + "\\n})(window.tsloraModule, (window.tsloraModule.exports = {}));";
    document.head.append(script);
    script.remove();
    delete window.tsloraModule;
    window.Plotly = theirs;
    return mine.exports;
  })();
  for (const draw of shared.waiting[bundle]?.splice(0) ?? []) draw();
}`;

/**
 * Hides the static picture after a drawn figure, in Jupyter Lab, its exports and the runner's own pages. Keeps plotly's
 * layers at full height on pages that shrink pictures.
 */
const STYLE = `.jp-OutputArea-child:has(.tslora-drawn) + .jp-OutputArea-child:has(.jp-RenderedSVG), .output:has(.tslora-drawn) + .output:has(> svg) { display: none; }
.tslora-plot .main-svg { max-width: none; height: 100%; }`;

/** Draws a figure in the page's colours, follows the page's width and theme, and hides the static picture after it. */
const DRAW = `(root, bundle, figure, themeLayout) => {
  const shared = (window.tsloraFigures ??= { plotly: {}, waiting: {} });
  const plot = root.querySelector(".tslora-plot");
  const note = root.appendChild(document.createElement("small")); // made here: sanitizers would show one that is hidden
  note.hidden = true;
  if (!document.getElementById("tslora-figure-style")) {
    const style = document.createElement("style");
    style.id = "tslora-figure-style";
    style.textContent = ${JSON.stringify(STYLE)};
    document.head.append(style);
  }
  const CONFIG = { responsive: true, displaylogo: false };
  const theme = () => {
    const text = getComputedStyle(root).color;
    const [r, g, b] = text.match(/[\\d.]+/g).map(Number);
    return { text, grid: "rgba(" + [r, g, b] + ",0.13)", paper: "rgba(0,0,0,0)" };
  };
  const layout = () => themeLayout({ ...figure.layout, autosize: true }, theme());
  const draw = async () => {
    try {
      const plotly = await shared.plotly[bundle];
      note.hidden = true;
      root.classList.add("tslora-drawn");
      await plotly.react(plot, figure.data, layout(), CONFIG);
      let drawnFor = theme().text;
      const follow = () => {
        if (!root.isConnected || theme().text === drawnFor) return;
        drawnFor = theme().text;
        plotly.react(plot, figure.data, layout(), CONFIG);
      };
      const attributeFilter = ["class", "data-jp-theme-light", "data-theme"];
      new MutationObserver(follow).observe(document.body, { attributes: true, attributeFilter });
      window.matchMedia?.("(prefers-color-scheme: dark)").addEventListener("change", follow);
      const resize = () => plot.clientWidth > 0 && plotly.Plots.resize(plot);
      if (window.ResizeObserver) new ResizeObserver(resize).observe(root);
    } catch (error) {
      root.classList.remove("tslora-drawn");
      note.textContent = "The interactive figure could not be drawn: " + error;
      note.hidden = false;
    }
  };
  if (shared.plotly[bundle]) return void draw();
  (shared.waiting[bundle] ??= []).push(draw);
  setTimeout(() => {
    if (shared.plotly[bundle]) return;
    note.textContent = "To make this figure interactive, run the cell of the notebook's first figure again.";
    note.hidden = false;
  }, 3000);
}`;

/** The script that loads a build of plotly.js into the page. */
export function carryScript(bundle: string, packed: string): string {
  return `(${CARRY})(${jsonForScript(bundle)}, "${packed}");`;
}

/** The script that draws one figure; its script element is inside the figure's element with the id `id`. */
export function drawScript(
  id: string,
  bundle: string,
  figure: { readonly data: unknown; readonly layout: unknown },
): string {
  return `(${DRAW})(document.currentScript?.parentElement ?? document.getElementById(${jsonForScript(id)}), ${jsonForScript(bundle)}, ${jsonForScript(figure)}, ${themeLayout.toString()});`;
}
