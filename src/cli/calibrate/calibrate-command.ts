import { CALIBRATE_OPTIONS } from "../options/calibrate-options";
import { DATA_OPTIONS, GENERAL_OPTIONS, MODEL_OPTIONS } from "../options/shared-options";
import type { LibraryCommand } from "../library-command";

export const calibrateCommand: LibraryCommand = {
  name: "calibrate",
  description: "Calibrate a classifier's probabilities, and prepare predict --abstain, on texts it was not trained on",
  groups: [
    { title: "Model", options: MODEL_OPTIONS },
    { title: "Data", options: DATA_OPTIONS },
    { title: "Calibration", options: CALIBRATE_OPTIONS },
    { title: "General", options: GENERAL_OPTIONS },
  ],
  examples: [
    {
      command: "calibrate --adapter output/adapter --data validation.csv",
      does: "by a temperature; writes calibration.json and conformal.json into the adapter's folder",
    },
    {
      command: "calibrate --adapter output/adapter --data validation.csv --method isotonic --test test.csv",
      does: "by isotonic regression; log loss and calibration errors before and after on other texts",
    },
    { command: 'predict --adapter output/adapter --abstain 0.05 "Fever after 3 days."', does: "uses both files" },
  ],
  notes:
    "predict and evaluate use calibration.json unless --no-calibration is given. Both files are refused once the weights or the labels have changed.",
  run: async (call) => (await import("./run-calibrate.js")).runCalibrate(call),
};
