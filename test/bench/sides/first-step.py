"""What a user writes: the data, the tokenizer, the model, the adapter, and the first optimizer step.

With `trainer` as the third argument by transformers' Trainer, else by a plain loop with its operations.
"""
import csv
import sys

import torch
from peft import LoraConfig, get_peft_model
from sklearn.model_selection import train_test_split
from transformers import AutoModelForSequenceClassification, AutoTokenizer, DataCollatorWithPadding, get_linear_schedule_with_warmup

data, name, how = sys.argv[1:4]
rows = list(csv.DictReader(open(data, newline="", encoding="utf-8")))
train, _ = train_test_split(rows, train_size=0.6, random_state=42)
tokenizer = AutoTokenizer.from_pretrained(name)
encoded = tokenizer([row["text"] for row in train], truncation=True, max_length=512)
examples = [{"input_ids": ids, "attention_mask": mask, "labels": int(row["label"])} for ids, mask, row in zip(encoded["input_ids"], encoded["attention_mask"], train)]
torch.manual_seed(42)
model = AutoModelForSequenceClassification.from_pretrained(name, num_labels=2)
targets = ["q_lin", "v_lin"] if model.config.model_type == "distilbert" else ["query", "value"]
model = get_peft_model(model, LoraConfig(task_type="SEQ_CLS", r=8, lora_alpha=16, lora_dropout=0.1, target_modules=targets))

if how == "trainer":
    import tempfile

    from transformers import Trainer, TrainerCallback, TrainingArguments

    class Tell(TrainerCallback):
        def on_train_begin(self, *_, **__):
            print("begins", flush=True)

        def on_step_end(self, *_, **__):
            print("done", flush=True)

    arguments = TrainingArguments(output_dir=tempfile.mkdtemp(), per_device_train_batch_size=16, max_steps=1, report_to="none", save_strategy="no", disable_tqdm=True)
    Trainer(model=model, args=arguments, train_dataset=examples, data_collator=DataCollatorWithPadding(tokenizer), callbacks=[Tell()]).train()
else:
    loader = torch.utils.data.DataLoader(examples, batch_size=16, shuffle=True, collate_fn=DataCollatorWithPadding(tokenizer))
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=1e-3, fused=True)
    schedule = get_linear_schedule_with_warmup(optimizer, 0, 3 * len(loader))
    model.train()
    print("begins", flush=True)
    for batch in loader:
        model(**batch).loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        print("done", flush=True)
        break
