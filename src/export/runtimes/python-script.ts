/**
 * The Python program that computes logits with transformers and peft, and with onnxruntime if it is there. It reads a
 * JSON object from standard input and writes one to standard output.
 */
export const PYTHON_SCRIPT = `
import importlib.util, json, os, sys
os.environ["HF_HUB_OFFLINE"] = "1"
asked = json.load(sys.stdin)
missing = [name for name in ("torch", "transformers", "peft") if importlib.util.find_spec(name) is None]
if missing:
    json.dump({"missing": missing}, sys.stdout)
    sys.exit()
import peft, torch, transformers
transformers.logging.set_verbosity_error()
tokenizer = transformers.AutoTokenizer.from_pretrained(asked["base"])
cut = {"truncation": True, "max_length": asked["maxLength"]}
base = transformers.AutoModelForSequenceClassification.from_pretrained(asked["base"], num_labels=asked["labels"])
model = peft.PeftModel.from_pretrained(base, asked["adapter"]).eval()
def one(text):
    with torch.no_grad():
        return model(**tokenizer(text, return_tensors="pt", **cut)).logits[0].double().tolist()
results = [{
    "runtime": f"Python: transformers {transformers.__version__}, peft {peft.__version__}",
    "logits": [one(text) for text in asked["texts"]],
}]
if importlib.util.find_spec("onnxruntime") is not None:
    import numpy, onnxruntime
    session = onnxruntime.InferenceSession(asked["onnx"], providers=["CPUExecutionProvider"])
    names = [entry.name for entry in session.get_inputs()]
    def run(text):
        ids = tokenizer(text, **cut)
        rows = {name: numpy.array([ids[name]], dtype=numpy.int64) for name in names}
        return session.run(["logits"], rows)[0][0].astype(float).tolist()
    results.append({
        "runtime": f"Python: onnxruntime {onnxruntime.__version__}",
        "logits": [run(text) for text in asked["texts"]],
    })
json.dump({"results": results}, sys.stdout)
`;
