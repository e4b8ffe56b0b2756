import { DEFAULT_TOKENS_PER_PASS } from "../../classifier/predict-options";
import { DEFAULT_CONFIDENCE } from "../../evaluation/intervals/interval";
import { DISTANCES } from "../../evaluation/shift/distances";
import { choice, integer, number, path, toggle } from "./option-kinds";

/** Default of the texts on which 8 bits are compared with 32. */
export const PRECISION_CHECK_TEXTS = 32;

/** Options of `tslora evaluate`: scores and output. */
export const EVALUATE_OPTIONS = {
  threshold: {
    kind: number("p"),
    help: "for two labels: predict the second if its probability is at least this; with several per text: each such label",
    default: "the more probable label; those above 0.5 if a text may have several",
  },
  calibration: {
    kind: toggle(),
    help: "use the calibration.json of tslora calibrate beside the weights",
    off: "give the softmax's probabilities, also where calibration.json is there",
    default: "on",
  },
  trainingData: {
    kind: path("path"),
    help: "the texts that the classifier was trained on: compares those of --data with them, and warns if they are unlike",
  },
  distance: {
    kind: choice(DISTANCES, "name"),
    help: `for --training-data: distance of the encoder's features, ${DISTANCES.join(" or ")}`,
    default: DISTANCES[0],
  },
  average: {
    kind: choice(["binary", "micro", "macro", "weighted"], "name"),
    help: "also print precision, recall and F1 averaged: binary, micro, macro or weighted",
  },
  confidence: { kind: number("share"), help: "confidence level of the intervals", default: String(DEFAULT_CONFIDENCE) },
  precisionCheck: {
    kind: integer(0),
    help: "for --precision int8: number of the texts that are also predicted in float32, for comparison; 0 for none",
    default: String(PRECISION_CHECK_TEXTS),
  },
  predictions: { kind: toggle(), help: "for --json and --output: include the prediction of every text" },
  output: { kind: path("file"), help: "also write the evaluation as JSON to a file" },
  maxTokensPerPass: {
    kind: integer(1),
    help: "tokens in one forward pass; limits the memory",
    default: String(DEFAULT_TOKENS_PER_PASS),
  },
} as const;
