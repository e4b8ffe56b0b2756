// @ts-check
// Read by set-up too, which answers --help and refuses unknown options before it installs anything.

exports.HELP = `npm run bench -- [options]
  --only WORD    the lines with the word in their name; may be given several times
  --rounds N     rounds that are measured (default 3)
  --whole        every batch of an epoch and every text instead of a sample: hours
  --seed N       decides batches (default 42)
  --write        writes the table into test/bench/RESULTS.md too; takes every line, so that --only is refused
Runs the work of the study here and elsewhere, in turn, and prints one table of ratios with their spread. Some 45 minutes
on two cores; nothing else should run meanwhile. Writes output/bench/bench-DATE.json, .md, .svg and .png.`;

exports.OPTIONS = /** @satisfies {import("node:util").ParseArgsConfig["options"]} */ ({
  only: { type: "string", multiple: true, default: /** @type {string[]} */ ([]) },
  rounds: { type: "string", default: "3" },
  seed: { type: "string", default: "42" },
  whole: { type: "boolean", default: false },
  write: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
});
