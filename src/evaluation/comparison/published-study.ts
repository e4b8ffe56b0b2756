/** One row of the published table; `change` as printed there. */
export interface PublishedRow {
  readonly metric: string;
  readonly before: number;
  readonly after: number;
  readonly change: number;
}

/**
 * The published figures of the study: its comparative table, row by row, and the confusion matrices of that table. They
 * are from the study, not from tslora: one run of full fine-tuning, without a seed, on 200 test abstracts.
 */
export const publishedStudy = {
  source:
    "https://github.com/Git-PratikVyas/Finetuning-LORA/blob/main/CancerClassification/distilbert_cancer_classification_finetuning.ipynb",
  rows: [
    { metric: "Accuracy", before: 0.495, after: 0.565, change: 0.07 },
    { metric: "Accuracy for Label 0", before: 0, after: 0.693, change: 0.693 },
    { metric: "Accuracy for Label 1", before: 1, after: 0.434, change: -0.566 },
    { metric: "Precision (Label 0)", before: 0, after: 0.56, change: 0.56 },
    { metric: "Recall (Label 0)", before: 0, after: 0.69, change: 0.69 },
    { metric: "F1-Score (Label 0)", before: 0, after: 0.62, change: 0.62 },
    { metric: "Precision (Label 1)", before: 0.49, after: 0.58, change: 0.09 },
    { metric: "Recall (Label 1)", before: 1, after: 0.43, change: -0.57 },
    { metric: "F1-Score (Label 1)", before: 0.66, after: 0.5, change: -0.16 },
  ] as readonly PublishedRow[],
  /** [true label, predicted label] */
  confusionMatrix: {
    before: [
      [0, 101],
      [0, 99],
    ] as readonly (readonly number[])[],
    after: [
      [70, 31],
      [56, 43],
    ] as readonly (readonly number[])[],
  },
} as const;
