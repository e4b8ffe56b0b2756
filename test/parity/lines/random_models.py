"""Random small models, as the parity lines of the model ask for them."""
import torch
from transformers import (BertConfig, BertForSequenceClassification, DistilBertConfig, DistilBertForSequenceClassification,
                          RobertaConfig, RobertaForSequenceClassification)


def random_model(case):
    """A model of a case's sizes, drawn by its seed; no weight is 0 or 1 by default, so that each one counts."""
    torch.manual_seed(case["seed"])
    sizes = dict(vocab_size=case["vocabSize"], max_position_embeddings=case["positions"], initializer_range=case["spread"], num_labels=case["numLabels"], pad_token_id=case["padTokenId"])
    if case["kind"] == "distilbert":
        config = DistilBertConfig(**sizes, dim=case["width"], n_layers=case["depth"], n_heads=case["heads"], hidden_dim=case["inner"], activation=case["activation"])
        model = DistilBertForSequenceClassification(config)
    else:
        kinds = {"bert": (BertConfig, BertForSequenceClassification), "roberta": (RobertaConfig, RobertaForSequenceClassification)}
        config_class, model_class = kinds[case["kind"]]
        config = config_class(**sizes, hidden_size=case["width"], num_hidden_layers=case["depth"], num_attention_heads=case["heads"], intermediate_size=case["inner"],
                              hidden_act=case["activation"], type_vocab_size=case["types"], layer_norm_eps=case["epsilon"])
        model = model_class(config)
    for name, p in model.named_parameters():
        if p.dim() == 1:
            torch.nn.init.normal_(p, 1.0 if "orm.weight" in name else 0.0, 0.1)
    return model.eval()


def padded(documents, pad):
    """A padded batch and its mask."""
    width = max(map(len, documents))
    ids = torch.tensor([d + [pad] * (width - len(d)) for d in documents])
    return ids, torch.tensor([[1] * len(d) + [0] * (width - len(d)) for d in documents])
