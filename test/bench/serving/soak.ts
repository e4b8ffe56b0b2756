import { join } from "node:path";

import { writeAtomically } from "../../../src/base/files/write-atomically";
import { projectRoot } from "../../../src/base/project-root";
import { median } from "../../../src/base/median";
import { fitLine } from "../fit-line";
import { drive } from "./load";
import { startOurs, type ServedFolders } from "./servers";

const CLIENTS = 64;
const PAUSE = 10_000; // milliseconds between samples
const WARM_UP = 0.2; // of the samples
const FLAT = 0.05; // of the level over the whole run

/** Resident memory of both processes at one time. */
interface Sample {
  readonly minutes: number;
  readonly server: number;
  readonly model: number;
}

/**
 * Full load with all adapters for the given minutes. Prints whether the memory of both processes is flat after the
 * warm-up, and lists unexpected answers. Writes output/bench/serve-soak.json. Returns the exit code.
 */
export async function soak(
  served: ServedFolders,
  { minutes, texts, machine, date }: { minutes: number; texts: readonly string[]; machine: string; date: Date },
): Promise<number> {
  const server = await startOurs(served);
  const names = Object.keys(served.adapters);
  const samples: Sample[] = [];
  const began = performance.now();
  const timer = setInterval(() => {
    void memoryOf(server.url).then(({ server: own, model }) => {
      samples.push({ minutes: (performance.now() - began) / 60_000, server: own, model });
      if (samples.length % 6 === 0)
        console.log(
          `${samples[samples.length - 1].minutes.toFixed(0)} min: server ${(own / 1e6).toFixed(0)} MB, model ${(model / 1e6).toFixed(0)} MB`,
        );
    });
  }, PAUSE);
  const result = await drive({
    ...{ url: server.url, clients: CLIENTS, duration: 60_000 * minutes },
    body: (i) => ({ inputs: texts[i % texts.length], truncate: true, adapter: names[i % names.length] }),
  });
  clearInterval(timer);
  await server.close();
  const kept = samples.slice(Math.floor(samples.length * WARM_UP));
  const verdicts = (["server", "model"] as const).map((process) => {
    const level = median(kept.map((sample) => sample[process]));
    const line = fitLine(
      kept.map((sample) => sample.minutes),
      kept.map((sample) => sample[process]),
    );
    const drift = (line.slope * minutes * (1 - WARM_UP)) / level;
    return { process, level, drift, flat: Math.abs(drift) <= FLAT };
  });
  for (const { process, level, drift, flat } of verdicts)
    console.log(
      `${process}: ${(level / 1e6).toFixed(0)} MB at the median, ${(100 * drift).toFixed(1)}% over the run: ${flat ? "flat" : "NOT FLAT"}`,
    );
  const faults = Object.entries(result.unexpected);
  console.log(
    `${result.texts} texts in ${minutes} min, ${result.textsPerSecond.toFixed(2)} a second; unexpected answers: ${faults.length === 0 ? "none" : faults.map(([fault, n]) => `${n} times ${fault}`).join(", ")}`,
  );
  await writeAtomically(
    join(projectRoot(), "output", "bench", "serve-soak.json"),
    `${JSON.stringify({ date, machine, minutes, result, verdicts, samples }, undefined, 2)}\n`,
  );
  return faults.length === 0 && verdicts.every(({ flat }) => flat) ? 0 : 1;
}

async function memoryOf(url: string): Promise<{ server: number; model: number }> {
  const text = await (await fetch(new URL("/metrics", url))).text();
  const of = (process: string): number =>
    Number(new RegExp(`^tslora_resident_memory_bytes\\{process="${process}"\\} (\\S+)$`, "m").exec(text)?.[1]);
  return { server: of("server"), model: of("model") };
}
