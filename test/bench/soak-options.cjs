// @ts-check
// Read by set-up too, which answers --help and refuses unknown options before it installs anything.

exports.HELP = `npm run bench:soak -- [options]
  --minutes N    how long it trains (default 60)
  --every N      steps between two samples (default 5)
  --model NAME   embedded (default), or a folder
Trains with the study's settings (r 8, dropout, batch 16, 512 tokens) for so long, with evaluations and checkpoints, and
says whether tensors, resident memory and heap are flat after the warm-up, a fifth of the run.
Writes output/bench/soak.json and soak.svg, .png.`;

exports.OPTIONS = /** @satisfies {import("node:util").ParseArgsConfig["options"]} */ ({
  minutes: { type: "string", default: "60" },
  every: { type: "string", default: "5" },
  model: { type: "string", default: "embedded" },
  help: { type: "boolean", short: "h", default: false },
});
