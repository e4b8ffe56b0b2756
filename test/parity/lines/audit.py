"""cleanlab's label issues and datasketch's signatures of every case.

NumPy leaves the order of equal numbers open: it depends on the processor. Here equal numbers keep their order.
"""
import functools
import json
import sys
import warnings

import numpy
from cleanlab.count import compute_confident_joint
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_scores
from datasketch import MinHash

warnings.simplefilter("ignore")
numpy.argsort = functools.partial(numpy.argsort, kind="stable")


def answer(case):
    if case["kind"] == "signature":
        hashed = MinHash(num_perm=case["numPerm"], seed=case["seed"])
        hashed.update_batch([member.encode() for member in case["members"]])
        return hashed.hashvalues.tolist()
    labels, probabilities = numpy.array(case["labels"]), numpy.array(case["probabilities"])
    asked = dict(labels=labels, pred_probs=probabilities, n_jobs=1)
    pruning = dict(min_examples_per_class=case["minExamplesPerClass"], frac_noise=case["fracNoise"])
    return dict(
        joint=compute_confident_joint(labels, probabilities).tolist(),
        rules={rule: numpy.where(find_label_issues(**asked, filter_by=rule, **(pruning if rule.startswith("prune") or rule == "both" else {})))[0].tolist() for rule in case["rules"]},
        ranked={method: find_label_issues(**asked, return_indices_ranked_by=method).tolist() for method in case["methods"]},
        scores={method: get_label_quality_scores(labels, probabilities, method=method).tolist() for method in case["methods"]},
    )


with open(sys.argv[1]) as file:
    cases = json.load(file)
with open(sys.argv[2], "w") as file:
    json.dump([answer(case) for case in cases], file)
