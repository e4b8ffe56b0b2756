import { formatNumber, formatSeconds, formatShare } from "../../figures/format";
import { lossCurve } from "../../figures/plots/loss-curve";
import type { TrainingFacts } from "../evidence/evidence";
import type { StudyFacts } from "../facts/study-facts";
import { missingEvidence, type PageBlock, type PageSection } from "../page/page-section";
import type { ReportTable } from "../report-section";

/** Model, adapter, training, baseline and measures. */
export function methodSection(facts: StudyFacts): PageSection {
  const { subject, training } = facts;
  const trained = {
    lora: "LoRA (Hu et al., 2021) freezes the weights W of a linear layer and trains a low-rank update, B A, that is added to them. The head is trained, too; everything else is frozen.",
    head: "The head is trained; the encoder is frozen.",
    full: "All weights are trained.",
  }[subject.method];
  return {
    id: "method",
    title: "Method",
    content: [
      {
        kind: "paragraph",
        text: `The classifier is ${subject.model} with a head that has one output for each label. Its input is the text alone, as tokens of the model's own tokenizer. ${trained} The seed ${subject.seed} decides the new weights, the order of the texts and dropout.`,
      },
      {
        kind: "paragraph",
        text: "Training uses AdamW with linear decay and minimizes the cross entropy, with the same weight for each text. It evaluates on the validation texts from time to time, and keeps the weights of the best evaluation. The output is a probability for each label by the softmax; the predicted label is the most probable one, or the first of several equally probable ones.",
      },
      {
        kind: "paragraph",
        text: "The baseline is logistic regression on TF-IDF of words and pairs of words, trained on the same training texts. Intervals of shares are Wilson's, those of F1 and of changes come from 2,000 paired bootstrap samples, and changes of accuracy are tested by McNemar's exact test.",
      },
      ...(training === undefined
        ? missingEvidence("the details of training", subject)
        : trainingBlocks(training, facts)),
    ],
  };
}

function trainingBlocks(training: TrainingFacts, facts: StudyFacts): PageBlock[] {
  return [
    modelTable(training, facts),
    ...(training.adapter === undefined
      ? []
      : [
          {
            kind: "table" as const,
            id: "method-adapter",
            caption: "The adapter, in peft's names",
            folded: true,
            columns: [{ name: "Option" }, { name: "Value" }],
            rows: Object.entries(training.adapter).map(([name, value]) => [name, JSON.stringify(value)]),
          },
        ]),
    ...(training.losses.length === 0 ? [] : [lossPlot(training)]),
  ];
}

function modelTable(training: TrainingFacts, { results, settings, time }: StudyFacts): ReportTable {
  const { model, trainableParameters, steps, newlyInitialized, ended } = training;
  const { trainable, all } = trainableParameters;
  const rate = settings?.learningRate;
  return {
    kind: "table",
    id: "method-model",
    caption: "Model and training",
    columns: [{ name: "Fact" }, { name: "Value" }],
    rows: [
      [
        "Architecture",
        `${model.type}, ${formatNumber(model.layers)} layers of width ${formatNumber(model.hiddenSize)}, ${formatNumber(model.vocabSize)} tokens`,
      ],
      ["Parameters", formatNumber(all)],
      ["Trained parameters", `${formatNumber(trainable)}, ${formatShare(trainable / all)}`],
      ["Newly initialized", newlyInitialized.length === 0 ? "nothing" : newlyInitialized.join(", ")],
      ["Steps", `${formatNumber(steps.done)} (${ended}); the weights of step ${formatNumber(steps.kept)} are kept`],
      ...(typeof rate === "number" ? [["Learning rate", formatNumber(rate)]] : []),
      ["Validation accuracy", formatNumber(results.validation.accuracy, 3)],
      ["Time of training", formatSeconds(time.training)],
    ],
  };
}

function lossPlot({ losses, evaluations, steps }: TrainingFacts): PageBlock {
  const events = [
    ...losses.map((one) => ({ type: "step" as const, ...one, learningRate: 0, tokensPerSecond: 0 })),
    ...evaluations.map((one) => ({ type: "evaluation" as const, ...one })),
  ].sort((a, b) => a.step - b.step);
  const end = { type: "end" as const, steps: steps.done, bestStep: steps.kept };
  return {
    kind: "plot",
    id: "method-loss",
    figure: lossCurve([...events, { ...end, elapsedSeconds: 0, stopped: false }]),
  };
}
