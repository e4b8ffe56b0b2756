import { measureText } from "./measure-text";

/** The parts of a DOM element that are used here; jsdom's elements have them. */
export interface ElementLike {
  readonly tagName: string;
  readonly parentElement: ElementLike | null;
  readonly children: ArrayLike<ElementLike>;
  readonly textContent: string | null;
  readonly style?: { readonly fontSize?: string; readonly textAnchor?: string; readonly fontWeight?: string };
  getAttribute(name: string): string | null;
  querySelectorAll(selector: string): ArrayLike<ElementLike>;
}

/** A rectangle as `DOMRect` describes it. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

type Corners = readonly (readonly [number, number])[];
type Transform = readonly [number, number, number, number, number, number]; // as SVG's matrix(a b c d e f)

/** The height of a line and of the letters above the baseline, as shares of the font size, as in plotly. */
const LINE_HEIGHT = 1.3;
const ASCENT = 0.9;
const BOLD_IS_WIDER = 1.07;

/**
 * Result of `getBBox`: the box of the texts and rectangles in an element, in its own coordinates. Ignores other shapes.
 */
export function boxInside(element: ElementLike): Box {
  return boxAround(cornersOf(element));
}

/** Result of `getBoundingClientRect`, with the picture's corner at 0, 0. */
export function boxOnPage(element: ElementLike): Box {
  let corners = cornersOf(element);
  for (let at: ElementLike | null = element; at !== null; at = at.parentElement)
    corners = applied(transformOf(at), corners);
  return boxAround(corners);
}

function cornersOf(element: ElementLike): Corners {
  if (element.tagName === "text" || element.tagName === "tspan") return textCorners(element);
  if (element.tagName === "rect") {
    const [x, y, width, height] = ["x", "y", "width", "height"].map((name) => numberIn(element.getAttribute(name)));
    return [
      [x, y],
      [x + width, y + height],
    ];
  }
  return Array.from(element.children).flatMap((child) => applied(transformOf(child), cornersOf(child)));
}

function textCorners(text: ElementLike): Corners {
  const found = Array.from(text.querySelectorAll("tspan.line"));
  const lines = (found.length > 0 ? found : [text]).map((line) => line.textContent ?? "");
  if (lines.every((line) => line === "")) return [];
  const size = fontSize(text);
  const width = Math.max(...lines.map((line) => measureText(line, size))) * (isBold(text) ? BOLD_IS_WIDER : 1);
  const anchor = text.style?.textAnchor || text.getAttribute("text-anchor");
  const x = numberIn(text.getAttribute("x")) - (anchor === "middle" ? width / 2 : anchor === "end" ? width : 0);
  const y = numberIn(text.getAttribute("y")) - ASCENT * size;
  return [
    [x, y],
    [x + width, y],
    [x, y + LINE_HEIGHT * size * lines.length],
    [x + width, y + LINE_HEIGHT * size * lines.length],
  ];
}

function fontSize(element: ElementLike): number {
  for (let at: ElementLike | null = element; at !== null; at = at.parentElement) {
    const size = numberIn(at.style?.fontSize || at.getAttribute("font-size"));
    if (size > 0) return size;
  }
  return 12;
}

function isBold(element: ElementLike): boolean {
  return Array.from(element.querySelectorAll("tspan")).some((span) => span.style?.fontWeight === "bold");
}

/** `translate`, `rotate` and `scale`, which are all that plotly writes. */
function transformOf(element: ElementLike): Transform {
  let total: Transform = [1, 0, 0, 1, 0, 0];
  for (const [, name, list] of (element.getAttribute("transform") ?? "").matchAll(/(\w+)\(([^)]*)\)/g)) {
    const [a = 0, b, c = 0] = list.split(/[\s,]+/).map(Number);
    if (name === "translate") total = times(total, [1, 0, 0, 1, a, b ?? 0]);
    else if (name === "scale") total = times(total, [a, 0, 0, b ?? a, 0, 0]);
    else if (name === "rotate") {
      const [cos, sin] = [Math.cos((a * Math.PI) / 180), Math.sin((a * Math.PI) / 180)];
      total = times(times(times(total, [1, 0, 0, 1, b ?? 0, c]), [cos, sin, -sin, cos, 0, 0]), [
        1,
        0,
        0,
        1,
        -(b ?? 0),
        -c,
      ]);
    }
  }
  return total;
}

function times(m: Transform, n: Transform): Transform {
  return [
    m[0] * n[0] + m[2] * n[1],
    m[1] * n[0] + m[3] * n[1],
    m[0] * n[2] + m[2] * n[3],
    m[1] * n[2] + m[3] * n[3],
    m[0] * n[4] + m[2] * n[5] + m[4],
    m[1] * n[4] + m[3] * n[5] + m[5],
  ];
}

function applied([a, b, c, d, e, f]: Transform, corners: Corners): Corners {
  return corners.map(([x, y]) => [a * x + c * y + e, b * x + d * y + f]);
}

function boxAround(corners: Corners): Box {
  const [xs, ys] = [corners.map(([x]) => x), corners.map(([, y]) => y)];
  const [left, right] = corners.length === 0 ? [0, 0] : [Math.min(...xs), Math.max(...xs)];
  const [top, bottom] = corners.length === 0 ? [0, 0] : [Math.min(...ys), Math.max(...ys)];
  return { x: left, y: top, width: right - left, height: bottom - top, left, top, right, bottom };
}

function numberIn(text: string | null | undefined): number {
  return parseFloat(text ?? "") || 0;
}
