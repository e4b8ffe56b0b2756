// @ts-check
// Read by set-up too, which answers --help and refuses unknown options before it installs anything.

exports.HELP = `npm run bench:prefix -- [options]
  --rounds N     rounds that are measured (default 1)
  --seeds N      compares the accuracy of N seeds instead of the time: three epochs, then the validation texts
  --texts N      training texts, the study's 600 where it is not given
Three epochs of LoRA on the top two of the embedded encoder's six layers, with and without the cache of the frozen
layers, in turn; then an epoch of a head alone. With --seeds: accuracy with dropout in the frozen layers (peft's) and
without it. The 20 seeds of the bar take some 40 minutes. Writes output/bench/prefix.json.`;

exports.OPTIONS = /** @satisfies {import("node:util").ParseArgsConfig["options"]} */ ({
  rounds: { type: "string", default: "1" },
  seeds: { type: "string" },
  texts: { type: "string" },
  help: { type: "boolean", short: "h", default: false },
});
