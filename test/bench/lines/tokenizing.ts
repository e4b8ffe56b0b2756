import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { median } from "../../../src/base/median";
import { alternate } from "../alternate";
import { ratioOf, type BenchLine, type Fact } from "../bench-line";
import { makeModelFolder } from "../model-folders";
import { Side, withSides } from "../side";
import { loadStudyData } from "../study-data";

const MOST_SHARE = 0.02;

/** 1,000 abstracts to token ids, cut at 512: by a tokenizer that each round loads again; loading is not measured. */
export const line: BenchLine = {
  title: "tokenizing 1,000 abstracts",
  order: 8,
  async run({ folder, models, python, rounds, note, earlier }) {
    const model = await makeModelFolder({ size: "minilm", parent: models });
    const { all, train } = await loadStudyData();
    const file = join(folder, "texts.json");
    await writeFile(file, JSON.stringify(all.texts));
    const sides = [
      Side.ours("tslora", "sides/prediction"),
      Side.ours("xenova", "sides/xenova"),
      Side.python("python", "sides/prediction", { python }),
    ];
    const tokens: Record<string, number> = {};
    const found = await withSides(sides, () => {
      const turn = (side: Side) => async (): Promise<number> => {
        const answer = (await side.ask({ do: "tokenize", model, file })) as { seconds: number; tokens: number };
        tokens[side.name] = answer.tokens;
        return answer.seconds;
      };
      return alternate(
        sides.map((side) => ({ side, round: turn(side) })),
        { rounds, note },
      );
    });
    if (tokens.tslora !== tokens.python)
      throw new Error(`We make ${tokens.tslora} tokens, Python's tokenizer ${tokens.python}.`);
    const work = "tokenizing 1,000 abstracts";
    const seconds = (median(found.measured.tslora) * train.texts.length) / all.texts.length;
    const facts = earlier
      .filter(({ work: name }) => name.startsWith("epoch,") && !name.includes("all weights"))
      .map((epoch): Fact => {
        const share = seconds / ratioOf(epoch).ours;
        return {
          what: `tokenizing's share of our ${epoch.work} (${epoch.against.replace(/^.*, /, "")})`,
          value: `${(100 * share).toFixed(2)}% (${seconds.toFixed(2)} s of ${ratioOf(epoch).ours.toFixed(0)} s; below ${100 * MOST_SHARE}% was wanted)`,
          held: share < MOST_SHARE,
        };
      });
    return {
      comparisons: [
        {
          work,
          against: "@xenova/transformers alone",
          unit: "s",
          ours: found.measured.tslora,
          theirs: found.measured.xenova,
          combine: "median",
          bar: { atLeast: 1 },
          note: `${tokens.xenova} tokens there, ${tokens.tslora} here`,
        },
        {
          work,
          against: "Python's fast tokenizer",
          unit: "s",
          ours: found.measured.tslora,
          theirs: found.measured.python,
          combine: "median",
          note: `the same ${tokens.python} tokens; it uses ${found.coresUsed.python.toFixed(1)} cores`,
        },
      ],
      facts,
    };
  },
};
