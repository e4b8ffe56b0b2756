// @ts-check
// Read by set-up too, which answers --help and refuses unknown options before it installs anything.

exports.HELP = `npm run bench:runner -- [options]
  --rounds N     how often each is run (default 5)
  --only WORD    the notebooks with the word in their name
Times whole commands, from start to end, with the same Python kernel: tslora run, papermill, and nbclient's
jupyter execute; of the start, also how long it takes to the first cell, and what of that is the runner's and not the
kernel's own start. Rounds alternate; the table has medians, and how much longer the others take. Writes
output/bench-runner.json.`;

exports.OPTIONS = /** @satisfies {import("node:util").ParseArgsConfig["options"]} */ ({
  rounds: { type: "string", default: "5" },
  only: { type: "string", default: "" },
  help: { type: "boolean", short: "h", default: false },
});
