import { escapeHtml } from "./escape";
import type { Banner } from "./types";

/** Options of {@link banner}. */
export interface BannerOptions {
  readonly title: string;
  /** @default "warning" */
  readonly level?: "info" | "warning";
}

/** A warning in a frame, e.g. that results on the embedded sample allow no conclusion about cancer. */
export function banner(text: string, options: BannerOptions): Banner {
  return { kind: "banner", level: options.level ?? "warning", title: options.title, text };
}

/** A banner as HTML; the frame's colour is visible on light and dark pages. */
export function bannerHtml({ level, title, text }: Banner): string {
  const colour = level === "warning" ? "#D55E00" : "#0072B2";
  const role = level === "warning" ? "alert" : "note";
  return `<div role="${role}" style="border:1px solid ${colour};border-left-width:6px;border-radius:4px;padding:8px 14px;margin:6px 0;max-width:60em">\n<b>${escapeHtml(title)}</b><br>\n${escapeHtml(text)}\n</div>`;
}

/** A banner as text: its lines behind a bar. */
export function bannerText({ level, title, text }: Banner): string {
  return [`${level === "warning" ? "WARNING: " : ""}${title}`, ...text.split("\n")]
    .map((line) => `▌ ${line}`)
    .join("\n");
}
