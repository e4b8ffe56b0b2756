import { join } from "node:path";

import { projectRoot } from "../../../src/base/project-root";
import type * as Tslora from "../../../src/index";

/** Code that a user writes, from the package as set up: arguments are the data and the model. */
async function main([data, model]: readonly string[]): Promise<void> {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- the package is what a user's script loads
  const { loadClassifier, loadCorpus, train, trainTestSplit } = require(
    join(projectRoot(), ".tslora", "package", "index.js"),
  ) as typeof Tslora;
  const { frame } = await loadCorpus(data);
  const [trainSet] = trainTestSplit(frame, { trainSize: 0.6, randomState: 42 });
  const classifier = await loadClassifier(model, { seed: 42 });
  classifier.addAdapter({ r: 8, loraAlpha: 16, loraDropout: 0.1 });
  for await (const event of train(classifier, { train: trainSet, numTrainEpochs: 3 })) {
    if (event.type === "start") console.log("begins");
    if (event.type !== "step") continue;
    console.log("done");
    process.exit();
  }
}

void main(process.argv.slice(2));
