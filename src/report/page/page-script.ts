import { createHash } from "node:crypto";

/** The page's only script: unfolds folded blocks before printing, and folds them again afterwards. */
export const PAGE_SCRIPT = `const folded = [];
addEventListener("beforeprint", () => {
  for (const one of document.querySelectorAll("details:not([open])")) { folded.push(one); one.open = true; }
});
addEventListener("afterprint", () => { for (const one of folded.splice(0)) one.open = false; });
`;

/**
 * The page's Content-Security-Policy. Nothing is fetched, and only the page's own script runs. Inline styles are
 * allowed, since pictures have style attributes; so are images inside the page, as the cells of a confusion matrix.
 */
export function contentPolicy(): string {
  const hash = createHash("sha256").update(PAGE_SCRIPT).digest("base64");
  return `default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
}
