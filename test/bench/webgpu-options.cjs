// @ts-check
// Read by set-up too, which answers --help and refuses unknown options before it installs anything.

exports.HELP = `npm run bench:webgpu -- [options]
  --rounds N     rounds that are measured (default 5)
Training steps and predictions of a tiny BERT on WebGPU, as composed operations and with tslora's programs, in turn:
passes and milliseconds. The adapter is set-up's SwiftShader where there is one for the platform, else the machine's
own. Writes output/bench/webgpu.json.`;

exports.OPTIONS = /** @satisfies {import("node:util").ParseArgsConfig["options"]} */ ({
  rounds: { type: "string", default: "5" },
  help: { type: "boolean", short: "h", default: false },
});
