// @ts-check
// Read by set-up too, which answers --help and refuses unknown options before it installs anything.

exports.HELP = `npm run test:conformance -- [options]
  --only WORD    the notebooks with the word in their name; may be given several times
  --show         print both sides of every difference that is not meant
Runs each notebook of test/conformance/notebooks through tslora, nbclient and papermill and compares what they leave;
then compares what Python reads of a table of parameters by tslora and by papermill.
Writes output/conformance.json. Exit code 1 where something differs that is not listed in test/conformance/cases.ts.`;

exports.OPTIONS = /** @satisfies {import("node:util").ParseArgsConfig["options"]} */ ({
  only: { type: "string", multiple: true, default: /** @type {string[]} */ ([]) },
  show: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
});
