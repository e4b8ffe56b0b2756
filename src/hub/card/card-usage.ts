import type { ModelCardInfo } from "./card-info";
import { baseName } from "./card-metadata";

const NAME = "owner/name";

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

function pythonAdapter({ baseModel, labels, maxLength }: ModelCardInfo): string[] {
  const names = labels.map((name, label) => `${label}: ${JSON.stringify(name)}`).join(", ");
  const ids = labels.map((name, label) => `${JSON.stringify(name)}: ${label}`).join(", ");
  return [
    "from peft import PeftModel",
    "from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline",
    "",
    `base = AutoModelForSequenceClassification.from_pretrained(`,
    `    ${JSON.stringify(baseName(baseModel))}, num_labels=${labels.length}, id2label={${names}}, label2id={${ids}}`,
    ")",
    `model = PeftModel.from_pretrained(base, "${NAME}")`,
    `tokenizer = AutoTokenizer.from_pretrained(${JSON.stringify(baseName(baseModel))})`,
    'classifier = pipeline("text-classification", model=model.merge_and_unload(), tokenizer=tokenizer)',
    `print(classifier("A text to classify.", truncation=True${maxLength === undefined ? "" : `, max_length=${maxLength}`}))`,
  ];
}

function pythonModel({ maxLength }: ModelCardInfo): string[] {
  return [
    "from transformers import pipeline",
    "",
    `classifier = pipeline("text-classification", model="${NAME}")`,
    `print(classifier("A text to classify.", truncation=True${maxLength === undefined ? "" : `, max_length=${maxLength}`}))`,
  ];
}

function nodeLines({ method, labels, maxLength }: ModelCardInfo): string[] {
  const options = `{ labels: ${JSON.stringify(labels)}${maxLength === undefined ? "" : `, maxLength: ${maxLength}`} }`;
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

function browserLines({ method }: ModelCardInfo): string[] {
  const [when, source] =
    method === "lora"
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
    'console.log(await classifier("A text to classify."));',
    "```",
  ];
}
