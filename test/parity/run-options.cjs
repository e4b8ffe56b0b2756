// @ts-check
// Read by set-up too, which answers --help and refuses unknown options before it installs anything.

exports.HELP = `npm run test:parity -- [options]
  --only WORD    the lines with the word in their name; may be given several times
  --type TYPE    this model type alone, in the lines that compare each; may be given several times
  --seed N       decides every random case (default: drawn, and printed)
  --scale X      share of the cases, for a quick look (default 1)
  --write        writes the table into test/parity/RESULTS.md too; takes all lines and cases, so that --only, --type and
                 --scale are refused
Writes output/parity.json. Exit code 1 if a difference is above its bound.`;

exports.OPTIONS = /** @satisfies {import("node:util").ParseArgsConfig["options"]} */ ({
  only: { type: "string", multiple: true, default: /** @type {string[]} */ ([]) },
  type: { type: "string", multiple: true, default: /** @type {string[]} */ ([]) },
  seed: { type: "string" },
  scale: { type: "string", default: "1" },
  write: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
});
