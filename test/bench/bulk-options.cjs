// @ts-check
// Read by set-up too, which answers --help and refuses unknown options before it installs anything.

exports.HELP = `npm run bench:bulk -- [options]
  --rounds N     rounds that are measured (default 3)
  --texts N      texts of a round (default 400)
  --train N      texts on which the head is trained (default 600; with fewer no recall of the encoder is measured)
  --drawn N      texts that are drawn for the cascade (default 20000)
  --memory       the memory curve at 1,000, 100,000 and 1,000,000 texts instead, with a tiny encoder
  --most N       the most texts of the memory curve (default 1000000)
The rate of a shard of PubMed's XML (unpacking, parsing, checkpoints and output included) and of predict() on the same
texts in memory, in turn in one process, by time and by processor time; then the cascade on texts resampled to several shares of positive ones, and
machine hours for all of PubMed. With --memory: the peak of a process that predicts a file. Writes
output/bench/bulk.json, with --memory output/bench/bulk-memory.json.`;

exports.OPTIONS = /** @satisfies {import("node:util").ParseArgsConfig["options"]} */ ({
  rounds: { type: "string", default: "3" },
  texts: { type: "string", default: "400" },
  train: { type: "string", default: "600" },
  drawn: { type: "string", default: "20000" },
  memory: { type: "boolean", default: false },
  most: { type: "string", default: "1000000" },
  // a process of the memory curve
  child: { type: "string" },
  help: { type: "boolean", short: "h", default: false },
});
