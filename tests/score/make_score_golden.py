"""Writes score_golden.json: a small random log of a warm-up, and every score of it.

    python3 tests/score/make_score_golden.py            (needs NumPy)

From the papers' formulas, in float64, on each sample's whole trajectory at once. The log: 12 passes
of 12 samples in shuffled batches of 5, and part of a thirteenth. Sample 0 has logits so far apart
that probabilities are exactly 0 and 1.

The authors' code, run on the twelve whole passes of this log (torch 2.13.0, float32), agrees with
what is computed here within 2e-6, with windows of 4 and of 10, but for constants that scale all
samples:
  behaapyy/dual-pruning 4ab525d                  dual and dynunc less their factor of 10; el2n and
    exp_cifar/importance_evaluation.py           entropy: the mean over its epochs
  zhangxin-xd/Dataset-Pruning-TDDS 9c1e3bd       tdds
    importance_evaluation.py
  asappresearch/aum 892e76e                      aum, the thirteenth pass included
    AUMCalculator
  haizhongzheng/Coverage-centric-coreset-        margin and el2n: its sums over the visits;
    selection b37f166                            forgetting of samples that were learned
    generate_importance_score.py
  mtoneva/example_forgetting d51c1aa             forgetting, exactly
    order_examples_by_forgetting.py
  BAAI-DCAI/Dataset-Pruning 9f396a8              dyn_unc, windows of 4, without sample 0: the same
    ImageNet/get_coreset.py                      ones kept, the last window left out here too
"""
import json
import pathlib

import numpy as np

SAMPLES, CLASSES, FEATURES, BATCH, PASSES = 12, 5, 3, 5, 12
EXTRA = 7  # samples of the thirteenth pass


def draw_log(rng):
    """Batches whose logits drift towards the label, slower for some samples than for others."""
    labels = rng.integers(0, CLASSES, SAMPLES)
    speed = rng.uniform(-0.1, 0.5, SAMPLES)
    batches = []
    for t in range(PASSES + 1):
        order = rng.permutation(SAMPLES)[: EXTRA if t == PASSES else SAMPLES]
        for chunk in np.split(order, range(BATCH, len(order), BATCH)):
            logits = rng.normal(0, 1, (len(chunk), CLASSES))
            logits[np.arange(len(chunk)), labels[chunk]] += speed[chunk] * t
            logits[chunk == 0] *= 80
            logits[chunk == 1, labels[1]] -= 9  # never learned
            features = rng.normal(0, 1, (len(chunk), FEATURES))
            batches.append({"samples": chunk, "logits": logits.astype(np.float32),
                            "features": features.astype(np.float32)})
    return labels, batches


def add_outputs(batch, labels):
    """What a network's loss makes of the logits, rounded to what the library is given."""
    z = batch["logits"].astype(np.float64)
    log_sum = z.max(1) + np.log(np.exp(z - z.max(1, keepdims=True)).sum(1))
    batch["probabilities"] = np.exp(z - log_sum[:, None]).astype(np.float32)
    batch["losses"] = (log_sum - z[np.arange(len(z)), labels[batch["samples"]]]).astype(np.float32)


def trajectory(batches, name, n):
    """One sample's values over its visits, in float64."""
    rows = [b[name][i] for b in batches for i, m in enumerate(b["samples"]) if m == n]
    return np.array(rows, dtype=np.float64)


def margins(rows, y):
    return rows[:, y] - np.delete(rows, y, axis=1).max(1)


def windows(values, length):
    return [values[k:k + length] for k in range(len(values) - length + 1)]


def tdds(p, length):
    moves = np.abs(p[1:] * (np.log(p[1:] + 1e-8) - np.log(p[:-1] + 1e-8))).sum(1)
    unsteady = [np.linalg.norm(w - w.mean()) for w in windows(moves, length - 1)]
    return sum(0.9 * 0.1 ** age * u for age, u in enumerate(reversed(unsteady)))


def forgetting(correct, most_visits):
    if not correct.any():
        return float(most_visits)
    return float((correct[:-1] & ~correct[1:]).sum())


def scores_of(batches, labels, n, passes, most_visits):
    y = labels[n]
    p, z = trajectory(batches, "probabilities", n), trajectory(batches, "logits", n)
    features = trajectory(batches, "features", n)
    errors = np.linalg.norm(p - np.eye(CLASSES)[y], axis=1)
    length = min(10, passes)
    in_windows = windows(p[:, y], length)
    return {
        "loss": trajectory(batches, "losses", n).mean(),
        "loss_detrended": trajectory(batches, "losses_above_mean", n).mean(),
        "el2n": errors.mean(),
        "aum": margins(z, y).mean(),
        "margin": margins(p, y).mean(),
        "forgetting": forgetting(z.argmax(1) == y, most_visits),
        "entropy": -(p * np.log(np.where(p > 0, p, 1))).sum(1).mean(),
        "confidence": p[:, y].mean(),
        "dyn_unc": np.mean([w.std(ddof=1) for w in in_windows]),
        "dual": np.mean([w.std(ddof=1) * (1 - w.mean()) for w in in_windows]),
        "tdds": tdds(p, length),
        "grand": (errors * np.linalg.norm(features, axis=1)).mean(),
    }


def main():
    labels, batches = draw_log(np.random.default_rng(5))
    for batch in batches:
        add_outputs(batch, labels)
        losses = batch["losses"].astype(np.float64)
        batch["losses_above_mean"] = losses - losses.mean()
    assert trajectory(batches, "probabilities", 0).min() == 0
    columns = {}
    for passes in (4, PASSES):  # windows of 4 and of 10
        rows = [scores_of(batches, labels, n, passes, PASSES + 1) for n in range(SAMPLES)]
        columns[str(passes)] = {name: [float(r[name]) for r in rows] for name in rows[0]}
    given = ("samples", "losses", "logits", "probabilities", "features")
    # A float32 in as few digits as name it.
    plain = [{name: [float(str(v)) for v in b[name].ravel()] for name in given} for b in batches]
    for batch in plain:
        batch["samples"] = [int(n) for n in batch["samples"]]
    text = json.dumps({"num_classes": CLASSES, "labels": labels.tolist(), "batches": plain,
                       "scores": columns}, separators=(",", ":"))
    path = pathlib.Path(__file__).parent / "score_golden.json"
    for start in ('{"samples"', '"scores"'):
        text = text.replace(start, "\n" + start)
    path.write_text(text + "\n")


if __name__ == "__main__":
    main()
