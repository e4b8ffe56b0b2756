import { readFile } from "node:fs/promises";
import { extname, resolve } from "node:path";

import { escapeHtml } from "./escape-html";
import type { MimeBundle } from "./notebook-types";

/** The kinds of image that browsers show. */
const MIME_TYPES: Readonly<Record<string, string>> = { ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".svg": "image/svg+xml", ".webp": "image/webp", ".avif": "image/avif", ".bmp": "image/bmp" };

const IMAGE = /(<img\b[^>]*?\ssrc\s*=\s*)(?:"([^"]*)"|'([^']*)')/gi;

/** Where images are taken from. */
export interface ImageSources {
  /** Images that the cell carries with it, by name: what `attachment:NAME` means. */
  readonly attachments?: Readonly<Record<string, MimeBundle>>;
  /** The folder that paths start from; without it files are left where they are. */
  readonly folder?: string;
}

/**
 * HTML whose images stand in it as data: those that the cell carries with it, and files beside the notebook. What has
 * an address of its own, or is not there, stays as it is.
 */
export async function inlineImages(html: string, { attachments = {}, folder }: ImageSources): Promise<string> {
  const found = new Map<string, string>();
  for (const [, , double, single] of html.matchAll(IMAGE)) {
    const source: string = double ?? single;
    const data = found.has(source) ? undefined : await dataOf(decode(source), { attachments, folder });
    if (data !== undefined) found.set(source, data);
  }
  return html.replace(IMAGE, (whole, before: string, double: string | undefined, single: string | undefined) => {
    const data = found.get(double ?? single ?? "");
    return data === undefined ? whole : `${before}"${escapeHtml(data)}"`;
  });
}

async function dataOf(source: string, { attachments = {}, folder }: ImageSources): Promise<string | undefined> {
  const name = /^attachment:(.*)$/s.exec(source)?.[1];
  if (name !== undefined) {
    const [carried] = Object.entries(attachments[name] ?? {});
    return carried === undefined ? undefined : `data:${carried[0]};base64,${String(carried[1]).replace(/\s/g, "")}`;
  }
  if (folder === undefined || source === "" || /^(?:[a-z][a-z0-9+.-]*:|[/\\#])/i.test(source)) return undefined;
  for (const path of [source, source.replace(/[?#].*$/s, "")]) {
    const type = MIME_TYPES[extname(path).toLowerCase()];
    const bytes = type === undefined ? undefined : await readFile(resolve(folder, path)).catch(() => undefined);
    if (bytes !== undefined) return `data:${type};base64,${bytes.toString("base64")}`;
  }
  return undefined;
}

/** An address as HTML has it, as what it stands for. */
function decode(source: string): string {
  const named: Readonly<Record<string, string>> = { amp: "&", quot: '"', apos: "'", lt: "<", gt: ">", "#39": "'" };
  const text = source.replace(/&(amp|quot|apos|lt|gt|#39);/g, (_, name: string) => named[name]);
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a % that encodes nothing
  }
}
