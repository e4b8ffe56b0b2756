// @ts-check
// Read by set-up too, which answers --help and refuses unknown options before it installs anything.

exports.HELP = `npm run bench:growth -- [options]
  --only WORD    the curves with the word in their name: batch, length, r, layers, texts; may be given several times
  --model NAME   minilm (default) or distilbert (its size); the curve of layers is of MiniLM's width
  --steps N      steps that are measured of each point, after one that is not; the fastest counts (default 3)
How the time and the peak memory of training grow with batch, length, rank and depth, and those of prediction with the
number of texts, streamed from disk: a process for each point. The limit that is drawn in is what the point's matrix
products alone would take at the rate that this run measured. Some 10 minutes on two cores.
Writes output/bench/growth.json and growth-CURVE.svg, .png.`;

exports.OPTIONS = /** @satisfies {import("node:util").ParseArgsConfig["options"]} */ ({
  only: { type: "string", multiple: true, default: /** @type {string[]} */ ([]) },
  model: { type: "string", default: "minilm" },
  steps: { type: "string", default: "3" },
  help: { type: "boolean", short: "h", default: false },
});
