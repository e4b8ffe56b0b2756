import { createHash } from "node:crypto";

/** The page's one script: opens what is folded away before printing, and folds it again after. */
export const PAGE_SCRIPT = `const folded = [];
addEventListener("beforeprint", () => {
  for (const one of document.querySelectorAll("details:not([open])")) { folded.push(one); one.open = true; }
});
addEventListener("afterprint", () => { for (const one of folded.splice(0)) one.open = false; });
`;

/**
 * The page's Content-Security-Policy. Nothing is fetched from anywhere; of scripts the page's own runs alone. Styles
 * are inline, since pictures have style attributes, and the cells of a confusion matrix are an image inside the page.
 */
export function contentPolicy(): string {
  const hash = createHash("sha256").update(PAGE_SCRIPT).digest("base64");
  return `default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
}
