import { JSDOM, VirtualConsole } from "jsdom";

/** The parts of an element that these tests read. */
export interface PageElement {
  readonly id: string;
  readonly tagName: string;
  readonly textContent: string;
  readonly parentElement: PageElement | null;
  getAttribute(name: string): string | null;
  closest(selector: string): PageElement | null;
  querySelector(selector: string): PageElement | null;
  querySelectorAll(selector: string): Iterable<PageElement>;
}

/** A page whose scripts do not run. */
export function openPage(html: string): PageElement & { getElementById(id: string): PageElement | null } {
  const { window } = new JSDOM(html, { runScripts: "outside-only", virtualConsole: new VirtualConsole() });
  return (window as { document: PageElement & { getElementById(id: string): PageElement | null } }).document;
}

/** The elements of a page that a selector finds. */
export function allOf(page: PageElement, selector: string): PageElement[] {
  return [...page.querySelectorAll(selector)];
}
