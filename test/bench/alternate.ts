import type { Side } from "./side";

/** A side's work in one round; resolves to its measurement. */
export interface Contender {
  readonly side: Side;
  readonly round: (round: number) => Promise<number>;
}

/** Measurements by the sides' names, the warm-up left out, and what was seen of the machine meanwhile. */
export interface Rounds {
  readonly measured: Readonly<Record<string, readonly number[]>>;
  /** Processor seconds a second of work: how many cores each side kept busy. */
  readonly coresUsed: Readonly<Record<string, number>>;
  /** The most that a waiting side took of a core. */
  readonly idleShare: number;
}

/**
 * Runs rounds in which every side has its turn, alone; the order turns round from round to round, so that a machine
 * that slows down or speeds up favours none. The first round warms up and is dropped.
 */
export async function alternate(
  contenders: readonly Contender[],
  {
    rounds,
    note,
    unit = "s",
    warmUp = true,
    each = "round",
  }: { rounds: number; note: (text: string) => void; unit?: string; warmUp?: boolean; each?: string },
): Promise<Rounds> {
  const measured: Record<string, number[]> = Object.fromEntries(contenders.map(({ side }) => [side.name, []]));
  const cpu: Record<string, number> = {};
  const wall: Record<string, number> = {};
  let idleShare = 0;
  for (let round = warmUp ? 0 : 1; round <= rounds; round++) {
    const turns = round % 2 === 0 ? contenders : [...contenders].reverse();
    for (const { side, round: run } of turns) {
      const others = contenders.filter((other) => other.side !== side);
      const before = others.map((other) => other.side.cpuSeconds());
      const value = await run(round);
      const { cpuSeconds, wallSeconds } = side.cost;
      if (round === 0) continue;
      measured[side.name].push(value);
      cpu[side.name] = (cpu[side.name] ?? 0) + cpuSeconds;
      wall[side.name] = (wall[side.name] ?? 0) + wallSeconds;
      if (wallSeconds > 1)
        others.forEach(
          (other, i) => (idleShare = Math.max(idleShare, (other.side.cpuSeconds() - before[i]) / wallSeconds)),
        );
    }
    note(
      `${round === 0 ? "warm-up" : `${each} ${round} of ${rounds}: ${contenders.map(({ side }) => `${side.name} ${measured[side.name].at(-1)?.toFixed(2) ?? ""} ${unit}`).join(", ")}`}`,
    );
  }
  const coresUsed = Object.fromEntries(Object.keys(cpu).map((name) => [name, cpu[name] / wall[name]]));
  return { measured, coresUsed, idleShare };
}
