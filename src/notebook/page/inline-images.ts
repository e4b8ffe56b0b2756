import { open, realpath } from "node:fs/promises";
import { extname, resolve, sep } from "node:path";

import { escapeHtml } from "./escape-html";
import type { MimeBundle } from "../format/notebook-types";

/** The kinds of image that browsers show. */
const MIME_TYPES: Readonly<Record<string, string>> = {
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".jpeg": "image/jpeg",
  ".gif": "image/gif",
  ".svg": "image/svg+xml",
  ".webp": "image/webp",
  ".avif": "image/avif",
  ".bmp": "image/bmp",
};

/** The largest image file, in bytes, that a page embeds. */
const MOST_BYTES = 20_000_000;

const TAG = /<img(?=[\s/])/gi;
const ATTRIBUTE = /[\s/]*([^\s=>"'/]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+)))?/y;

/** Sources of images. */
export interface ImageSources {
  /** The cell's attachments by name; `attachment:NAME` refers to them. */
  readonly attachments?: Readonly<Record<string, MimeBundle>>;
  /** The folder that paths are relative to and files must be in. @default files are not embedded */
  readonly folder?: string;
}

interface ImageSource {
  readonly source: string;
  /** The value's range in the HTML, quotes included. */
  readonly start: number;
  readonly end: number;
}

/**
 * Embeds images into HTML as data: the cell's attachments, and files in the notebook's folder or below it. Leaves an
 * image unchanged if it has a URL, is outside the folder (by `..` or by a link), is too large or is missing.
 */
export async function inlineImages(html: string, sources: ImageSources): Promise<string> {
  const found = new Map<string, string | undefined>();
  const parts: string[] = [];
  let at = 0;
  for (const { source, start, end } of imageSources(html)) {
    if (!found.has(source)) found.set(source, await dataOf(decode(source), sources));
    const data = found.get(source);
    if (data === undefined) continue;
    parts.push(html.slice(at, start), `"${escapeHtml(data)}"`);
    at = end;
  }
  return parts.join("") + html.slice(at);
}

/** The sources of the images in HTML, found in one pass. */
function* imageSources(html: string): Generator<ImageSource, void, undefined> {
  TAG.lastIndex = 0;
  for (let at = 0; ;) {
    TAG.lastIndex = at;
    if (TAG.exec(html) === null) return;
    at = TAG.lastIndex;
    for (;;) {
      ATTRIBUTE.lastIndex = at;
      const match = ATTRIBUTE.exec(html);
      if (match === null) break;
      at = ATTRIBUTE.lastIndex;
      const [whole, name, double, single, bare] = match as unknown as [string, string, ...(string | undefined)[]];
      const source = double ?? single ?? bare;
      if (name.toLowerCase() !== "src" || source === undefined) continue;
      const quotes = bare === undefined ? 2 : 0;
      const end = match.index + whole.length;
      yield { source, start: end - source.length - quotes, end };
    }
  }
}

async function dataOf(source: string, { attachments = {}, folder }: ImageSources): Promise<string | undefined> {
  const name = /^attachment:(.*)$/s.exec(source)?.[1];
  if (name !== undefined) {
    if (!Object.hasOwn(attachments, name)) return undefined;
    const [mime, base64] =
      Object.entries(attachments[name]).find(([type]) => Object.values(MIME_TYPES).includes(type)) ?? [];
    return mime === undefined ? undefined : `data:${mime};base64,${String(base64).replace(/[^A-Za-z0-9+/=]/g, "")}`;
  }
  if (folder === undefined || source === "" || /^(?:[a-z][a-z0-9+.-]*:|[/\\#])/i.test(source)) return undefined;
  for (const path of [source, source.replace(/[?#].*$/s, "")]) {
    const type = MIME_TYPES[extname(path).toLowerCase()];
    const bytes = type === undefined ? undefined : await readInside(folder, path).catch(() => undefined);
    if (bytes !== undefined) return `data:${type};base64,${bytes.toString("base64")}`;
  }
  return undefined;
}

/**
 * Reads a file of a folder; undefined if it is not a regular file, or is outside the folder once links are followed.
 */
async function readInside(folder: string, path: string): Promise<Buffer | undefined> {
  const [root, place] = await Promise.all([realpath(folder), realpath(resolve(folder, path))]);
  if (!place.startsWith(root.endsWith(sep) ? root : root + sep)) return undefined;
  const file = await open(place, "r");
  try {
    const found = await file.stat();
    return found.isFile() && found.size <= MOST_BYTES ? await file.readFile() : undefined;
  } finally {
    await file.close();
  }
}

/** Decodes the HTML entities of an address. */
function decode(source: string): string {
  const named: Readonly<Record<string, string>> = { amp: "&", quot: '"', apos: "'", lt: "<", gt: ">", "#39": "'" };
  const text = source.replace(/&(amp|quot|apos|lt|gt|#39);/g, (_, name: string) => named[name]);
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a % that encodes nothing
  }
}
