// @ts-check
// Read by set-up too, which answers --help and refuses unknown options before it installs anything.

exports.HELP = `npm run bench:graph -- [options]
  --rounds N     rounds that are measured (default 5)
  --texts N      training texts of the epoch, the study's 600 where it is not given
Steps of a model of width 16 as separate operations and as graph functions, in turn, on this device; then an epoch of
the study with MiniLM's layers and heads, narrowed to width 24: how many functions it records. Writes
output/bench/graph.json.`;

exports.OPTIONS = /** @satisfies {import("node:util").ParseArgsConfig["options"]} */ ({
  rounds: { type: "string", default: "5" },
  texts: { type: "string" },
  help: { type: "boolean", short: "h", default: false },
});
