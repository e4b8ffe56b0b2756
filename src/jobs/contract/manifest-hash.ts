import { canonicalSha256 } from "../../base/canonical-json";
import { shownText } from "../../base/shown-value";
import { faultOfManifest } from "./check-document";
import type { JobManifest } from "./job-manifest";

/** A manifest as a store holds it. */
export type StoredManifest =
  | { readonly kind: "missing" }
  | { readonly kind: "damaged"; readonly why: string }
  | { readonly kind: "found"; readonly manifest: JobManifest };

/** A manifest with the hash of its content. */
export function withHash(manifest: Omit<JobManifest, "sha256">): JobManifest {
  return { ...manifest, sha256: canonicalSha256(manifest) };
}

/** Parses a manifest, and checks its schema, its own hash and its job's name. */
export function parseManifest(text: string, job: string): StoredManifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: "damaged", why: "its manifest is not JSON" };
  }
  const fault = faultOfManifest(value);
  if (fault !== undefined) return { kind: "damaged", why: `its manifest is not valid: ${shownText(fault, 300)}` };
  const { sha256, ...content } = value as JobManifest;
  if (canonicalSha256(content) !== sha256) return { kind: "damaged", why: "its manifest was changed" };
  if (content.job !== job) return { kind: "damaged", why: `its manifest is that of ${content.job}` };
  return { kind: "found", manifest: { ...content, sha256 } };
}
