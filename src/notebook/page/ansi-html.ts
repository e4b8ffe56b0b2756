import { stripAnsi } from "./ansi";
import { escapeHtml } from "./escape-html";

interface Style {
  readonly classes: ReadonlySet<string>;
  readonly color?: string;
  readonly background?: string;
}

const PLAIN: Style = { classes: new Set() };
const NAMES = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"] as const;
/** The first code of each series of the eight {@link NAMES}. */
const NAMED_COLORS = [
  { first: 30, side: "fg", prefix: "fg-" },
  { first: 40, side: "bg", prefix: "bg-" },
  { first: 90, side: "fg", prefix: "fg-bright-" },
  { first: 100, side: "bg", prefix: "bg-bright-" },
] as const;
const MODES: Readonly<Record<number, string>> = { 1: "bold", 2: "dim", 3: "italic", 4: "underline" };

/**
 * Converts a terminal's text to HTML: colours and weights become spans, other escape sequences are dropped, the rest is
 * escaped.
 */
export function ansiToHtml(text: string): string {
  let style = PLAIN;
  // eslint-disable-next-line no-control-regex -- ANSI escape sequences are control characters
  const parts = text.split(/\u001b\[([0-9;]*)m/);
  return parts
    .map((part, index) => {
      if (index % 2 === 0) return span(stripAnsi(part), style);
      style = apply(style, part === "" ? [0] : part.split(";").map(Number));
      return "";
    })
    .join("");
}

function span(text: string, { classes, color, background }: Style): string {
  if (text === "") return "";
  const css = [
    ...(color === undefined ? [] : [`color:${color}`]),
    ...(background === undefined ? [] : [`background:${background}`]),
  ].join(";");
  if (classes.size === 0 && css === "") return escapeHtml(text);
  const names = [...classes].map((name) => `ansi-${name}`).join(" ");
  return `<span${names === "" ? "" : ` class="${names}"`}${css === "" ? "" : ` style="${css}"`}>${escapeHtml(text)}</span>`;
}

function apply(before: Style, codes: readonly number[]): Style {
  let style = before;
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i];
    if (code === 38 || code === 48) {
      const [color, used] = extended(codes.slice(i + 1, i + 6));
      i += used;
      style =
        code === 38 ? { ...withoutClass(style, /^fg-/), color } : { ...withoutClass(style, /^bg-/), background: color };
    } else {
      style = single(style, code);
    }
  }
  return style;
}

function single(style: Style, code: number): Style {
  if (code === 0) return PLAIN;
  if (Object.hasOwn(MODES, code)) return withClass(style, MODES[code]);
  if (code === 22) return withoutClass(style, /^(bold|dim)$/);
  if (code === 23) return withoutClass(style, /^italic$/);
  if (code === 24) return withoutClass(style, /^underline$/);
  if (code === 39) return { ...withoutClass(style, /^fg-/), color: undefined };
  if (code === 49) return { ...withoutClass(style, /^bg-/), background: undefined };
  const named = NAMED_COLORS.find(({ first }) => code >= first && code < first + NAMES.length);
  if (named === undefined) return style;
  const { first, side, prefix } = named;
  const plain =
    side === "fg"
      ? { ...withoutClass(style, /^fg-/), color: undefined }
      : { ...withoutClass(style, /^bg-/), background: undefined };
  return withClass(plain, prefix + NAMES[code - first]);
}

/** The colour of `5;n` or `2;r;g;b`, and how many codes it took. */
function extended([mode, ...rest]: readonly number[]): [color: string | undefined, used: number] {
  const byte = (value: number | undefined): number => Math.min(255, Math.max(0, Math.trunc(value ?? 0) || 0));
  if (mode === 2) return [`rgb(${byte(rest[0])},${byte(rest[1])},${byte(rest[2])})`, 4];
  if (mode !== 5) return [undefined, 1];
  const n = byte(rest[0]);
  if (n < 16) return [`var(--ansi-${n > 7 ? "bright-" : ""}${NAMES[n % 8]})`, 2];
  if (n >= 232)
    return [
      `rgb(${Array(3)
        .fill(8 + 10 * (n - 232))
        .join(",")})`,
      2,
    ];
  const level = (step: number): number => (step === 0 ? 0 : 55 + 40 * step);
  return [`rgb(${level(Math.floor((n - 16) / 36))},${level(Math.floor((n - 16) / 6) % 6)},${level((n - 16) % 6)})`, 2];
}

function withClass(style: Style, name: string): Style {
  return { ...style, classes: new Set([...style.classes, name]) };
}

function withoutClass(style: Style, pattern: RegExp): Style {
  return { ...style, classes: new Set([...style.classes].filter((name) => !pattern.test(name))) };
}
