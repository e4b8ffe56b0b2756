// @ts-check
// Read by set-up too, which answers --help and refuses unknown options before it installs anything.

exports.HELP = `npm run bench:precision -- [options]
  --seeds N      seeds of the study (default 5)
  --texts N      training texts, the study's 600 where it is not given
Trains the study with each seed in 32-bit floats and in bfloat16, and predicts its test texts with each; those of 32 bits
also in 8 bits. Prints accuracies, their differences with the bar of half a point, and seconds. Where bfloat16 is not
used, says so. Five seeds take ten minutes with AMX. Writes output/bench/precision.json.`;

exports.OPTIONS = /** @satisfies {import("node:util").ParseArgsConfig["options"]} */ ({
  seeds: { type: "string", default: "5" },
  texts: { type: "string" },
  help: { type: "boolean", short: "h", default: false },
});
