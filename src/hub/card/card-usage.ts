import type { ModelCardInfo } from "./card-info";
import { baseName, hasSeveralLabels } from "./card-metadata";

const NAME = "owner/name";
/** The problem type that readers cannot know from an adapter's files: without it they compute a softmax. */
const SEVERAL = '"multi_label_classification"';

/** Lines that load the classifier in Python, Node and the browser. */
export function usageLines(info: ModelCardInfo): string[] {
  return [
    "## How to use it",
    "",
    `Replace \`${NAME}\` by the name of this repository, or by its folder.`,
    "",
    "In Python:",
    "",
    "```python",
    ...(info.method === "lora" ? pythonAdapter(info) : pythonModel(info)),
    "```",
    "",
    "In Node, with tslora:",
    "",
    "```js",
    ...nodeLines(info),
    "```",
    "",
    ...browserLines(info),
  ];
}

function pythonAdapter(info: ModelCardInfo): string[] {
  const { baseModel, labels } = info;
  const names = labels.map((name, label) => `${label}: ${JSON.stringify(name)}`).join(", ");
  const ids = labels.map((name, label) => `${JSON.stringify(name)}: ${label}`).join(", ");
  return [
    "from peft import PeftModel",
    "from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline",
    "",
    `base = AutoModelForSequenceClassification.from_pretrained(`,
    `    ${JSON.stringify(baseName(baseModel))}, num_labels=${labels.length}, id2label={${names}}, label2id={${ids}}${hasSeveralLabels(info) ? `, problem_type=${SEVERAL}` : ""}`,
    ")",
    `model = PeftModel.from_pretrained(base, "${NAME}")`,
    `tokenizer = AutoTokenizer.from_pretrained(${JSON.stringify(baseName(baseModel))})`,
    'classifier = pipeline("text-classification", model=model.merge_and_unload(), tokenizer=tokenizer)',
    pythonCall(info),
  ];
}

function pythonModel(info: ModelCardInfo): string[] {
  return [
    "from transformers import pipeline",
    "",
    `classifier = pipeline("text-classification", model="${NAME}")`,
    pythonCall(info),
  ];
}

/** Classifies a text. Where it may have several labels, prints all of them: by default a pipeline returns only one. */
function pythonCall(info: ModelCardInfo): string {
  const { maxLength } = info;
  const length = maxLength === undefined ? "" : `, max_length=${maxLength}`;
  return `print(classifier("A text to classify.", truncation=True${length}${hasSeveralLabels(info) ? ", top_k=None" : ""}))`;
}

function nodeLines(info: ModelCardInfo): string[] {
  const { method, labels, maxLength } = info;
  const several = hasSeveralLabels(info) ? `, problemType: ${SEVERAL}` : "";
  const length = maxLength === undefined ? "" : `, maxLength: ${maxLength}`;
  const options = `{ labels: ${JSON.stringify(labels)}${several}${length} }`;
  const load =
    method === "lora"
      ? [
          `const { directory, base } = await pullFromHub("${NAME}");`,
          `const classifier = await loadClassifier(base.directory, ${options});`,
          "await classifier.loadAdapter(directory);",
        ]
      : [
          `const classifier = await loadClassifier("${NAME}"${maxLength === undefined ? "" : `, { maxLength: ${maxLength} }`});`,
        ];
  return [
    `import { loadClassifier, predict${method === "lora" ? ", pullFromHub" : ""} } from "tslora";`,
    "",
    ...load,
    'console.log(await predict(classifier, ["A text to classify."]));',
  ];
}

function browserLines(info: ModelCardInfo): string[] {
  const [when, source] =
    info.method === "lora"
      ? ["Export this adapter with its base", "--adapter FOLDER"]
      : ["If this repository has no folder `onnx`, export the model", "--model FOLDER"];
  return [
    "In the browser, transformers.js runs a whole model in ONNX format. " +
      `${when} (\`npx tslora export ${source} --quantize int8 -o exported\`), and push the folder. Then:`,
    "",
    "```js",
    'import { pipeline } from "@huggingface/transformers";',
    "",
    `const classifier = await pipeline("text-classification", "${NAME}");`,
    `console.log(await classifier("A text to classify."${hasSeveralLabels(info) ? ", { top_k: null }" : ""}));`,
    "```",
  ];
}
