"""Writes golden-samplers.json: what Optuna's samplers propose. Needs optuna 5.0.0 (npm run setup -- sweep-reference).

NumPy's default argsort is not stable, and its order of equal values depends on the processor. "runs" and "stable" are
Optuna's with a stable argsort; "asItIs" and "random" are Optuna's as it is."""
import json
import math
import os
import warnings

import numpy as np

warnings.simplefilter("ignore")
import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)
HERE = os.path.dirname(os.path.abspath(__file__))
SURFACE = json.load(open(os.path.join(HERE, "response-surface.json")))


def mixed(trial):
    lr = trial.suggest_float("learningRate", 1e-4, 1e-2, log=True)
    r = trial.suggest_int("r", 2, 16, step=2)
    dropout = trial.suggest_float("loraDropout", 0.0, 0.3)
    targets = trial.suggest_categorical("targetModules", ["auto", "all-linear", "query,key,value"])
    n = trial.suggest_int("n", 1, 64, log=True)
    q = trial.suggest_float("q", 0.0, 1.0, step=0.25)
    value = (math.log10(lr) + 3) ** 2 + (dropout - 0.1) ** 2 + 0.1 * (targets != "all-linear")
    value += abs(r - 8) / 40 + abs(math.log(n) - 2) / 10 + abs(q - 0.5) / 5
    if targets == "all-linear":
        value += trial.suggest_float("w", 0.0, 1.0) / 10
    return value


def real(trial):
    x = trial.suggest_float("x", -1, 1)
    y = trial.suggest_float("y", 1e-3, 1, log=True)
    return (x - 0.3) ** 2 + (math.log10(y) + 1) ** 2


def place(settings):
    """Settings as a point: each range from 0 to 1."""
    return (
        (math.log10(settings["learningRate"]) + 5) / 3,
        math.log2(settings["r"]) / 6,
        (math.log2(settings["loraAlpha"]) - 1) / 6,
        settings["loraDropout"] / 0.3,
        (settings["numTrainEpochs"] - 1) / 4,
    )


def surface(trial):
    """The mean of the recorded accuracies, weighted by a Gaussian of the distance."""
    settings = {
        "learningRate": trial.suggest_float("learningRate", 1e-5, 1e-2, log=True),
        "r": trial.suggest_int("r", 1, 64, log=True),
        "loraAlpha": trial.suggest_int("loraAlpha", 2, 128, log=True),
        "loraDropout": trial.suggest_float("loraDropout", 0.0, 0.3),
        "targetModules": trial.suggest_categorical("targetModules", ["query,value", "all-linear", "query,key,value"]),
        "numTrainEpochs": trial.suggest_int("numTrainEpochs", 1, 5),
    }
    own = place(settings)
    total = weights = 0.0
    for recorded in SURFACE["trials"]:
        squares = 0.0 if recorded["targetModules"] == settings["targetModules"] else SURFACE["otherTargets"] ** 2
        for one, other in zip(own, place(recorded)):
            squares += (one - other) ** 2
        weight = math.exp(-squares / (2 * SURFACE["width"] ** 2))
        total += weight * recorded["accuracy"]
        weights += weight
    return total / weights


def study(objective, sampler, trials, direction="minimize"):
    made = optuna.create_study(sampler=sampler, direction=direction)
    made.optimize(objective, n_trials=trials)
    return made


def best(sampler, seeds):
    return [study(surface, sampler(seed), 40, "maximize").best_value for seed in range(seeds)]


def tpe(seed):
    return optuna.samplers.TPESampler(seed=seed)


def importances(objective, names, trials):
    made = study(objective, optuna.samplers.RandomSampler(seed=7), trials)
    found = optuna.importance.get_param_importances(
        made, evaluator=optuna.importance.PedAnovaImportanceEvaluator(), normalize=False
    )
    return {
        "trials": [{"params": t.params, "value": t.value} for t in made.trials],
        "importances": {name: found[name] for name in names if name in found},
    }


goldens = {
    "optuna": optuna.__version__,
    "best": {"asItIs": best(tpe, 40), "random": best(lambda seed: optuna.samplers.RandomSampler(seed=seed), 10)},
    "importances": importances(mixed, ["learningRate", "r", "loraDropout", "targetModules", "n", "q", "w"], 60),
    "runs": [],
}
argsort = np.argsort
np.argsort = lambda values, *rest, **more: argsort(values, kind="stable")
goldens["best"]["stable"] = best(tpe, 40)
for name, objective, multivariate in (("mixed", mixed, True), ("real", real, False)):
    for seed in (1, 2):
        made = study(objective, optuna.samplers.TPESampler(seed=seed, multivariate=multivariate), 30)
        trials = [{"params": t.params, "value": t.value} for t in made.trials]
        goldens["runs"].append({"space": name, "multivariate": multivariate, "seed": seed, "trials": trials})
with open(os.path.join(HERE, "golden-samplers.json"), "w") as out:
    json.dump(goldens, out)
    out.write("\n")
for name, values in goldens["best"].items():
    print(name, np.median(values), min(values), max(values))
print(goldens["importances"]["importances"])
