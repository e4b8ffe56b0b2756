import { canonicalSha256 } from "../../base/canonical-json";
import type { JobStore } from "../store/job-store";
import type { JobDocument } from "./job-document";
import type { JobManifest } from "./job-manifest";
import type { StoredManifest } from "./manifest-hash";

/** Whether a job is done. If it is not although there is a manifest, `why` says so in a sentence's second half. */
export type JobState =
  | { readonly kind: "done"; readonly manifest: JobManifest }
  | { readonly kind: "open"; readonly stored: StoredManifest; readonly why?: string };

/**
 * Looks whether a job is done: its manifest exists, its own hash and those of the files hold, and it names this
 * document and this code.
 *
 * @param code - see {@link codeVersion}
 */
export async function jobState(document: JobDocument, options: { store: JobStore; code: string }): Promise<JobState> {
  const { store, code } = options;
  const stored = await store.readManifest(document.name);
  if (stored.kind === "missing") return { kind: "open", stored };
  const open = (why: string): JobState => ({ kind: "open", stored, why });
  if (stored.kind === "damaged") return open(stored.why);
  const { manifest } = stored;
  if (manifest.document !== canonicalSha256(document)) return open("its result is that of another document");
  if (manifest.code !== code) return open(`its result was computed by other code: ${manifest.code}, now ${code}`);
  const damage = await store.damageOf(manifest);
  return damage === undefined ? { kind: "done", manifest } : open(`its result is damaged: ${damage}`);
}
