import assert from "node:assert/strict";
import { test } from "node:test";

import { TsloraError } from "../../src/base/tslora-error";
import { evaluateCommand } from "../../src/cli/evaluate/evaluate-command";
import { errorWithFlags, flagsInMessage } from "../../src/cli/terminal/flags-in-messages";
import { inspectCommand } from "../../src/cli/inspect/inspect-command";
import type { LibraryCommand } from "../../src/cli/library-command";
import { mergeCommand } from "../../src/cli/merge/merge-command";
import { flagOf } from "../../src/cli/options/option-table";
import { predictCommand } from "../../src/cli/predict/predict-command";
import { trainCommand } from "../../src/cli/train/train-command";
import { resolveTrainOptions } from "../../src/training/options/resolve-train-options";

const COMMANDS: readonly LibraryCommand[] = [
  trainCommand,
  evaluateCommand,
  predictCommand,
  mergeCommand,
  inspectCommand,
];
const train = { command: "train", groups: trainCommand.groups };

test("every option of every command is named by its flag, wherever a message names it", () => {
  for (const { name: command, groups } of COMMANDS) {
    for (const [key, { libraryKey = key }] of groups.flatMap(({ options }) => Object.entries(options))) {
      const flag = flagOf(key);
      const say = (message: string): string => flagsInMessage(message, { command, groups });
      assert.equal(say(`${libraryKey} must be above 0; got NaN.`), `${flag} must be above 0; got NaN.`);
      assert.equal(
        say(`loadCorpus:\n- ${libraryKey} must be a number; got x\n- other`),
        `${CALLED(command)}:\n- ${flag} must be a number; got x\n- other`,
      );
      assert.equal(say(`${libraryKey}: expected a number`), `${flag}: expected a number`);
      assert.equal(say(`a column "text" (options.${libraryKey}), got none`), `a column "text" (${flag}), got none`);
      assert.equal(say(`Give ${libraryKey}: true.`), `Give ${flag}.`);
      assert.equal(say(`Give ${libraryKey}: false.`), `Give ${flag.replace("--", "--no-")}.`);
      assert.equal(say(`Give ${libraryKey}: "report".`), `Give ${flag} report.`);
      if (/[A-Z]/.test(libraryKey))
        assert.equal(say(`Check ${libraryKey} and the file.`), `Check ${flag} and the file.`);
      for (const data of [
        `"${libraryKey}"`,
        `a/${libraryKey}/b`,
        `x.${libraryKey}`,
        `${libraryKey}.json`,
        `my${libraryKey}s`,
      ])
        assert.equal(say(`Read ${data} first`), `Read ${data} first`);
    }
  }
});

function CALLED(command: string): string {
  return `tslora ${command}`;
}

test("a quoted name after an English word that is also an option is not its value", () => {
  const message = 'tokenizer.json\'s model: "max_input_chars_per_word" must be a whole number';
  assert.equal(flagsInMessage(message, train), message);
});

test("English words that are also options stay words", () => {
  for (const text of [
    "The model has no head; the data and labels are to be read.",
    "A seed, a device and a test.",
    "train on more texts",
  ])
    assert.equal(flagsInMessage(text, train), text);
});

test("the library's errors about bad values name only flags on the command line", () => {
  const bad = {
    learningRate: -1,
    maxGradNorm: -1,
    warmupRatio: 3,
    saveTotalLimit: 0,
    evalSteps: 0,
    labelSmoothing: 2,
    seed: 0.5,
    numTrainEpochs: 0,
  };
  const fail = (): unknown => {
    try {
      return resolveTrainOptions(
        { ...bad, train: [] },
        { method: "lora", problemType: "single_label_classification", numLabels: 2 },
      );
    } catch (error) {
      return error;
    }
  };
  const error = errorWithFlags(fail(), train);
  assert.ok(error instanceof TsloraError);
  assert.equal(error.code, "bad-option");
  for (const key of Object.keys(bad)) {
    assert.ok(error.message.includes(flagOf(key)), `${flagOf(key)} is not in ${error.message}`);
    assert.doesNotMatch(error.message, new RegExp(`(?<![-\\w])${key}\\b`));
  }
  const problems: unknown = error.details.problems;
  assert.ok(Array.isArray(problems) && problems.length >= Object.keys(bad).length - 1);
  for (const problem of problems) assert.match(String(problem), /^--/);
});
