import type { ReportSection } from "../../src/report/report-section";

/** A section with a block of every kind. */
export const SECTIONS = [
  {
    id: "seeds",
    title: "Over <seeds>",
    content: [
      { kind: "paragraph", text: "Five seeds, with `seed` <b>" },
      { kind: "list", items: ["first", "second & `code`"] },
      { kind: "command", does: "Run them:", command: 'npx tslora train --seed "1"' },
      {
        kind: "table",
        id: "seeds-table",
        caption: "Accuracy by seed",
        columns: [{ name: "Seed" }, { name: "Accuracy", align: "right", digits: 3 }],
        rows: [
          ["1", 0.91234],
          ["2", null],
          ["mean", { text: "0.9", detail: "[0.8, 1.0]" }],
        ],
        note: "A note.",
        folded: true,
      },
      {
        kind: "figure",
        id: "seeds-curve",
        title: "Learning curve",
        form: "line",
        xLabel: "Training texts",
        yLabel: "Accuracy",
        logX: true,
        series: [
          {
            name: "LoRA <r=8>",
            points: [
              { x: 10, y: 0.6, low: 0.5, high: 0.7 },
              { x: 100, y: 0.8, low: 0.75, high: 0.85 },
              { x: 1000, y: 0.9, low: 0.88, high: 0.92 },
            ],
          },
          { name: "TF-IDF", points: [10, 100, 1000].map((x) => ({ x, y: 0.5 + 0.1 * Math.log10(x) })) },
        ],
        range: [0.4, 1],
        reference: { y: 0.5, label: "guessing" },
      },
      {
        kind: "figure",
        title: "By fold",
        form: "interval",
        xLabel: "Fold",
        yLabel: "Accuracy",
        series: ["before", "after"].map((name, at) => ({
          name,
          points: ["fold 1", "fold 2"].map((x) => ({
            x,
            y: 0.6 + 0.2 * at,
            low: 0.5 + 0.2 * at,
            high: 0.7 + 0.2 * at,
          })),
        })),
      },
      {
        kind: "figure",
        title: "Time",
        form: "bars",
        xLabel: "Model",
        yLabel: "Seconds",
        series: [
          {
            name: "time",
            points: [
              "a very long name of a model <1>",
              "another very long name of one",
              "a third very long name",
              "short",
            ].map((x, at) => ({ x, y: 10 * (at + 1), low: 9 * (at + 1), high: 11 * (at + 1) })),
          },
        ],
      },
    ],
  },
] as const satisfies readonly ReportSection[];
