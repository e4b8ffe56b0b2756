// @ts-check
// Read by set-up too, which answers --help and refuses unknown options before it installs anything.

exports.HELP = `npm run bench:serve -- [options]
  --seconds N    how long each measurement takes (default 60)
  --rounds N     rounds that are measured (default 3)
  --clients N    clients at a time; may be given several times (default 1, 8 and 64)
  --adapters N   adapters on one base in the last line (default 100)
  --soak N       instead, N minutes of full load with all adapters: memory, and unexpected answers
  --write        writes the table into test/bench/RESULTS.md too
Drives tslora serve in 32 and 8 bits and two servers of FastAPI, transformers and peft in turn, with the same abstracts,
adapter and threads: one text for each forward pass, and all texts that wait, padded. Prints texts a second and the 50th, 95th and
99th percentile of the time to an answer. Some 40 minutes; nothing else should run meanwhile.
Writes output/bench/serve.json.`;

exports.OPTIONS = /** @satisfies {import("node:util").ParseArgsConfig["options"]} */ ({
  seconds: { type: "string", default: "60" },
  rounds: { type: "string", default: "3" },
  clients: { type: "string", multiple: true, default: ["1", "8", "64"] },
  adapters: { type: "string", default: "100" },
  soak: { type: "string" },
  write: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
});
