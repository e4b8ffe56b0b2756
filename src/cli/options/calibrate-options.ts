import { DEFAULT_TOKENS_PER_PASS } from "../../classifier/predict-options";
import { CALIBRATION_METHODS } from "../../evaluation/calibration/calibration";
import { DEFAULT_BINS } from "../../evaluation/calibration/check-probabilities";
import { FIT_CASCADE_DEFAULTS } from "../../evaluation/cascade/fit-cascade-options";
import { choice, integer, number, path, text, toggle } from "./option-kinds";

/** Options of `tslora calibrate`: the calibration, prediction sets, and the comparison. */
export const CALIBRATE_OPTIONS = {
  method: {
    kind: choice(CALIBRATION_METHODS, "method"), // a placeholder of all names leaves no room for the texts
    help: "temperature, sigmoid (Platt scaling) or isotonic; with less than about a thousand texts temperature or sigmoid",
    default: "temperature",
  },
  sets: {
    kind: choice(["lac", "aps"]),
    help: "score of the prediction sets of predict --abstain: lac gives the smallest, aps ones that grow with uncertainty",
    default: "lac",
  },
  perClass: {
    kind: toggle(),
    libraryKey: "classConditional",
    help: "prediction sets cover each class as often, which needs texts of each",
  },
  test: {
    kind: path("file"),
    help: "other labelled texts, on which before and after are compared",
    default: "those of --data, on which the scores after are too good",
  },
  bins: { kind: integer(1), help: "bins of the calibration errors", default: String(DEFAULT_BINS) },
  cascade: {
    kind: path("file"),
    help: "labelled texts on which TF-IDF is trained for predict --cascade; with this nothing else is fitted",
  },
  maxRecallLoss: {
    kind: number("share"),
    help: "with --cascade: bound of the loss of recall, such as 0.01",
    default: String(FIT_CASCADE_DEFAULTS.maxRecallLoss),
  },
  threshold: {
    kind: number("p"),
    libraryKey: "encoderThreshold",
    help: "with --cascade: the --threshold that predict will be given",
    default: "none: the more probable label",
  },
  positive: { kind: text("label"), help: "with --cascade: the label that must not be missed", default: "the second" },
  maxTokensPerPass: {
    kind: integer(1),
    help: "tokens in one forward pass; limits the memory",
    default: String(DEFAULT_TOKENS_PER_PASS),
  },
} as const;
