// @ts-check
// Read by set-up too, which answers --help and refuses unknown options before it installs anything.

exports.HELP = `npm run test:fuzz -- [options]
  --seed N       decides every case (default: drawn, and printed)
  --cases N      cases in all, shared out evenly over the kinds of input (default 10000)
  --only KIND    a kind of input, such as adapters; may be given several times
  --case N       that case of each kind alone, to see a finding again
Damages models, files of torch.save, adapters, tokenizers, checkpoints, notebooks and corpora, and has them read. A finding is a crash, a
hang, an error that is not a TsloraError or is too long, tensors left behind, memory out of proportion, or damage that
the format shows and that was accepted. Writes output/fuzz.json. Exit code 1 where there is a finding.`;

exports.OPTIONS = /** @satisfies {import("node:util").ParseArgsConfig["options"]} */ ({
  seed: { type: "string" },
  cases: { type: "string", default: "10000" },
  only: { type: "string", multiple: true, default: /** @type {string[]} */ ([]) },
  case: { type: "string" },
  help: { type: "boolean", short: "h", default: false },
});
