import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";

import { projectRoot } from "../base/project-root";
import { TsloraError } from "../base/tslora-error";

/** A model that was found. */
export interface ResolvedModel {
  readonly id: string;
  readonly directory: string;
  readonly origin: { readonly kind: "folder" | "cache" | "hub" | "embedded" };
  /** What was taken and why, in a sentence. */
  readonly notice: string;
  readonly tried: readonly string[];
}

const DEFAULT_MODEL = "distilbert-base-uncased";
const EMBEDDED_ID = "sentence-transformers/all-MiniLM-L6-v2";

/**
 * Finds a model: "auto", "embedded", a folder, or a name on the Hub.
 *
 * @throws TsloraError `not-found` that says everywhere it was looked for.
 */
export async function resolveModel(model: string): Promise<ResolvedModel> {
  const asked = model === "auto" ? (process.env.TSLORA_MODEL ?? "auto") : model;
  if (asked === "embedded") return embedded("asked for by name", []);
  if (asked === "auto") {
    const cached = await fromCache(DEFAULT_MODEL);
    if (cached.directory !== undefined) return { id: DEFAULT_MODEL, directory: cached.directory, origin: { kind: "cache" }, notice: `Model: ${DEFAULT_MODEL}, from the Hugging Face cache.`, tried: [] };
    return embedded(`${DEFAULT_MODEL} is not in the Hugging Face cache`, cached.tried);
  }
  if (asked.startsWith(".") || isAbsolute(asked) || existsSync(asked)) {
    const places = [...new Set([resolve(asked), resolve(projectRoot(), asked)])];
    const directory = places.find((place) => existsSync(place));
    if (directory === undefined) throw new TsloraError("not-found", `The model ${asked} was looked for at ${places.join(" and ")}, and nothing is there.`);
    return { id: asked, directory, origin: { kind: "folder" }, notice: `Model: the folder ${directory}, as asked for.`, tried: places };
  }
  const cached = await fromCache(asked);
  if (cached.directory !== undefined) return { id: asked, directory: cached.directory, origin: { kind: "cache" }, notice: `Model: ${asked}, from the Hugging Face cache.`, tried: cached.tried };
  throw new TsloraError("not-found", `The model ${asked} was looked for in ${cached.tried.join(", ")}, and is not there. Fetch it with huggingface-cli download ${asked}, or give its folder.`);
}

function embedded(why: string, tried: readonly string[]): ResolvedModel {
  const directory = join(projectRoot(), ".tslora", "models", "all-MiniLM-L6-v2");
  if (!existsSync(directory)) throw new TsloraError("not-found", `The embedded encoder was expected at ${directory}. Run \`npm run setup\`, which brings it.`);
  return { id: EMBEDDED_ID, directory, origin: { kind: "embedded" }, notice: `Model: the embedded encoder all-MiniLM-L6-v2 (${why}).`, tried };
}

async function fromCache(id: string): Promise<{ directory?: string; tried: string[] }> {
  const home = process.env.HF_HOME ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "huggingface");
  const folder = join(process.env.HF_HUB_CACHE ?? join(home, "hub"), `models--${id.replace("/", "--")}`);
  const revision = await readFile(join(folder, "refs", "main"), "utf8").catch(() => undefined);
  const directory = revision === undefined ? undefined : join(folder, "snapshots", revision.trim());
  return { directory: directory !== undefined && existsSync(join(directory, "model.safetensors")) ? directory : undefined, tried: [folder] };
}
