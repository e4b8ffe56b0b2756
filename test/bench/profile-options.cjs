// @ts-check
// Read by set-up too, which answers --help and refuses unknown options before it installs anything.

exports.HELP = `npm run bench:profile -- [options]
  --model NAME   minilm (the embedded encoder) or distilbert (its size, random weights); both where it is not given
  --method NAME  lora (default) or full
  --dropout X    0, or the models' own rates where it is not given
  --steps N      steps that are measured, after one that is not (default 4)
  --shapes N     the N dearest ops by their shapes as well (default 12)
  --predict      profiles prediction of 64 abstracts instead of training steps
Where the time of a training step of the study goes (512 tokens, batch 16, r 8), by TensorFlow's ops, and how far it is
from the machine's matrix products. Writes output/bench/profile.json.`;

exports.OPTIONS = /** @satisfies {import("node:util").ParseArgsConfig["options"]} */ ({
  model: { type: "string" },
  method: { type: "string", default: "lora" },
  dropout: { type: "string" },
  steps: { type: "string", default: "4" },
  shapes: { type: "string", default: "12" },
  predict: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
});
