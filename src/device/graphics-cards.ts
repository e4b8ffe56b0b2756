import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const VENDORS: Readonly<Record<string, string>> = { "0x1002": "AMD", "0x8086": "Intel", "0x10de": "NVIDIA" };

/** Makers of the GPUs that the operating system lists, including Apple's. Fast, since it opens no GPU. */
export function graphicsCards(folder = "/sys/class/drm"): readonly string[] {
  if (process.platform === "darwin") return process.arch === "arm64" ? ["Apple"] : [];
  if (!existsSync(folder)) return [];
  const found = readdirSync(folder)
    .filter((name) => /^renderD\d+$/.test(name))
    .flatMap((name) => {
      const path = join(folder, name, "device", "vendor");
      return existsSync(path) ? (VENDORS[readFileSync(path, "utf8").trim()] ?? []) : [];
    });
  return [...new Set(found)];
}
