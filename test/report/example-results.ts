import { evaluatePredictions, type Evaluation } from "../../src/evaluation/evaluation";
import type { StudyEvidence } from "../../src/report/evidence/evidence";
import type { StudyResults } from "../../src/report/study-results";

/** Markup in every name that a user may give. */
export const MARKUP = `<img src=x onerror=alert(1)> & "quoted" 'text'`;

/** The labels of {@link exampleResults}. */
export const LABELS = ["NO <b>", "YES & more"] as const;

/** 60 texts, of which every `every`-th is predicted wrong, with probabilities that are too certain. */
export function exampleEvaluation(every: number, labels: readonly string[] = LABELS): Evaluation {
  const predictions = Array.from({ length: 60 }, (_, index) => {
    const yTrue = index % labels.length;
    const wrong = index % every === 0;
    const yPred = wrong ? (yTrue + 1) % labels.length : yTrue;
    const sure = 0.7 + 0.29 * ((index * 7) % 10) * 0.1;
    return {
      index,
      yTrue,
      yPred,
      probabilities: labels.map((_label, at) => (at === yPred ? sure : (1 - sure) / (labels.length - 1))),
    };
  });
  return evaluatePredictions({ labels, predictions, loss: 0.5, elapsedSeconds: 1.5 });
}

/** Results of a run as an older version wrote them, without evidence. */
export function oldResults(labels: readonly string[] = LABELS): StudyResults {
  return {
    model: "/home/someone/models/my-model",
    data: "csv",
    dataName: `table ${MARKUP}.csv`,
    labels,
    seed: 42,
    method: "lora",
    before: exampleEvaluation(2, labels),
    after: exampleEvaluation(7, labels),
    validation: exampleEvaluation(6, labels),
    baseline: exampleEvaluation(5, labels),
    elapsed: 61.2,
    notices: [`The model is in /home/someone/models/my-model. ${MARKUP}`],
  };
}

/** The same with evidence. */
export function exampleResults(): StudyResults {
  return { ...oldResults(), about: "data", banner: `Caution: ${MARKUP}`, evidence: exampleEvidence() };
}

function exampleEvidence(): StudyEvidence {
  const words = { min: 3, median: 50.5, p95: 90, max: 120 };
  const hash = "0123456789abcdef".repeat(4);
  return {
    data: {
      source: { kind: "csv", file: `table ${MARKUP}.csv`, sha256: hash },
      textsSha256: hash,
      labels: LABELS.map((name) => ({ name, className: name.toLowerCase() })),
      parts: (["train", "validation", "test"] as const).map((name) => ({
        name,
        texts: 60,
        perLabel: [30, 30],
        words,
        sha256: hash,
      })),
      split: { stratified: true, seed: 42 },
      entries: { read: 185, kept: 180, leftOut: 5, ignored: 1 },
      problems: [{ kind: "empty-text", count: 5 }],
      cleaned: false,
      leaks: { byId: 0, byText: 2 },
      tokens: { maxLength: 128, cut: 12, texts: 60 },
    },
    audit: {
      summary: {
        texts: 180,
        textsWithIssues: 3,
        parts: { train: 60, validation: 60, test: 60 },
        reasons: [{ reason: "label-issue", severity: "medium", count: 3 }],
        classes: LABELS.map((name, label) => ({ label, name, count: 90, share: 0.5 })),
        imbalance: 1,
        groups: 0,
        probabilities: "TF-IDF with logistic regression, out of 5 stratified folds",
        checks: ["labels", "duplicates", "texts"],
      },
      issues: [
        { ID: MARKUP, part: "test", reason: "label-issue", severity: "medium", label: LABELS[0], suggested: LABELS[1] },
      ],
      found: 3,
    },
    errors: {
      texts: 60,
      wrong: 9,
      nearestBy: "encoder",
      listed: [
        {
          ID: MARKUP,
          label: LABELS[0],
          predicted: LABELS[1],
          probability: 0.95,
          nearest: [{ ID: "train-1", label: LABELS[1], similarity: 0.87 }],
          suspected: ["label-issue"],
        },
        { ID: "test-2", label: LABELS[0], predicted: LABELS[1], probability: 0.7, nearest: [], suspected: [] },
      ],
    },
    training: {
      model: { type: "bert", layers: 6, hiddenSize: 384, vocabSize: 30522 },
      newlyInitialized: ["classifier.weight", "classifier.bias"],
      trainableParameters: { trainable: 74_498, all: 22_800_000 },
      adapter: { r: 8, loraAlpha: 16, targetModules: ["query", "value"], initLoraWeights: true },
      steps: { done: 12, kept: 9 },
      elapsedSeconds: 61.2,
      ended: "finished",
      losses: Array.from({ length: 12 }, (_, i) => ({ step: i + 1, epoch: i / 4, loss: 0.7 - 0.02 * i })),
      evaluations: [3, 6, 9, 12].map((step) => ({ step, epoch: step / 4, loss: 0.5, accuracy: 0.8, best: step === 9 })),
    },
    settings: { model: "auto", epochs: 3, labels: [], learningRate: null, note: MARKUP },
    environment: {
      versions: { tslora: "0.2.0", "tslora's commit": "0123abc", Node: "22.0.0", backend: "TensorFlow 2.21.0" },
      platform: "linux x64",
      processor: "A processor",
      cores: 2,
      memoryBytes: 8 * 2 ** 30,
      instructions: "avx512",
      device: { kind: "cpu", name: "A processor", backend: "TensorFlow 2.21.0" },
      peakMemoryBytes: 1.5 * 2 ** 30,
    },
  };
}
