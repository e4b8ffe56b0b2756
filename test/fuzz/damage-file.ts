import { readFile, writeFile } from "node:fs/promises";
import { basename } from "node:path";

import type { Random } from "../../src/base/random";
import { mutateBytes } from "./mutate-bytes";
import { mutateJson } from "./mutate-json";
import { replaceFile } from "./replace-file";
import { strictSafetensors } from "./strict-safetensors";

/** A change to one file. */
export interface Damage {
  readonly changes: readonly string[];
  /** Why the file's own format shows the damage. */
  readonly mustRefuse?: string;
  /** The keys that lead to a changed value of a JSON file. */
  readonly path?: readonly (string | number)[];
}

/** Format of a file's bytes. */
export type FileFormat = "json" | "safetensors" | "text";

/** Damages a file by its format, as bytes, or as a whole; one way of damage per call. */
export async function damageFile(path: string, format: FileFormat, random: Random): Promise<Damage> {
  const name = basename(path);
  if (random.below(16) === 0) {
    const change = await replaceFile(path, random);
    return { changes: [`${name} ${change}`], ...(change === "is missing" ? {} : { mustRefuse: `${name} ${change}` }) };
  }
  const bytes = await readFile(path);
  const structured = format !== "text" && random.below(3) > 0;
  if (!structured) {
    const { bytes: next, change } = mutateBytes(bytes, random);
    await writeFile(path, next);
    const broken = next.equals(bytes) ? undefined : brokenness(next, format);
    return { changes: [`${name}: ${change}`], ...(broken === undefined ? {} : { mustRefuse: `${name}: ${broken}` }) };
  }
  if (format === "json") return damageJson(path, bytes, random);
  return damageSafetensors(path, bytes, random);
}

/** Describes a fault in a file's bytes that its format alone shows, or undefined. */
function brokenness(bytes: Buffer, format: FileFormat): string | undefined {
  if (format === "safetensors") {
    const result = strictSafetensors(bytes);
    return result.kind === "damaged" ? result.why : undefined;
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return "is not UTF-8";
  }
  if (format === "text") return undefined;
  try {
    JSON.parse(text);
    return undefined;
  } catch {
    return "is not JSON";
  }
}

async function damageJson(path: string, bytes: Buffer, random: Random): Promise<Damage> {
  const { text, change, path: keys, duplicateKey } = mutateJson(JSON.parse(bytes.toString("utf8")), random);
  await writeFile(path, text);
  const name = basename(path);
  return {
    changes: [`${name}: ${change}`],
    path: keys,
    ...(duplicateKey ? { mustRefuse: `${name} has a key twice` } : {}),
  };
}

/** Changes the header by its structure, or puts a number that is not finite into the data. */
async function damageSafetensors(path: string, bytes: Buffer, random: Random): Promise<Damage> {
  const name = basename(path);
  const length = Number(bytes.readBigUInt64LE(0));
  const data = Buffer.from(bytes.subarray(8 + length));
  const header = JSON.parse(bytes.subarray(8, 8 + length).toString("utf8")) as Record<string, unknown>;
  if (random.below(4) === 0) {
    const value = [NaN, Infinity, -Infinity][random.below(3)];
    const at = 4 * random.below(data.length >> 2);
    data.writeFloatLE(value, at);
    const next = Buffer.concat([bytes.subarray(0, 8 + length), data]);
    await writeFile(path, next);
    const broken = brokenness(next, "safetensors");
    return {
      changes: [`${name}: the number at ${at} of the data = ${value}`],
      ...(broken === undefined ? {} : { mustRefuse: `${name}: ${broken}` }),
    };
  }
  const { text, change, duplicateKey } = mutateJson(header, random);
  const json = Buffer.from(text);
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(json.length));
  const next = Buffer.concat([size, json, data]);
  await writeFile(path, next);
  const broken = duplicateKey ? "has a key twice" : brokenness(next, "safetensors");
  return {
    changes: [`${name}: header ${change}`],
    ...(broken === undefined ? {} : { mustRefuse: `${name}: ${broken}` }),
  };
}
