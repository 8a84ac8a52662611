"""The arithmetic behind algorithm_trace_test.cc, in plain Python floats.

    python3 tests/run/algorithm_trace.py

Softmax regression on four samples; the orders are those that the test checks for seed 3.
"""
from math import exp, log

X = [-1.4, -0.2, 0.2, 1.4]
Y = [0, 1, 1, 0]
RATE = 0.5
WARMUP_ORDER = [2, 0, 3, 1]
TRAINING_ORDER = [1, 0]  # positions within the kept samples


def probabilities(weights, x):
    logits = [weights[0] * x + weights[2], weights[1] * x + weights[3]]
    total = sum(exp(z) for z in logits)
    return [exp(z) / total for z in logits]


def loss(weights, n):
    return -log(probabilities(weights, X[n])[Y[n]])


def update(weights, n):
    p = probabilities(weights, X[n])
    error = [p[c] - (1.0 if c == Y[n] else 0.0) for c in (0, 1)]
    return [weights[0] - RATE * error[0] * X[n], weights[1] - RATE * error[1] * X[n],
            weights[2] - RATE * error[0], weights[3] - RATE * error[1]]


weights = [0.0, 0.0, 0.0, 0.0]
observed = [0.0] * 4
checkpoints = [0.0] * 4
for t, n in enumerate(WARMUP_ORDER, start=1):
    observed[n] = loss(weights, n)
    weights = update(weights, n)
    if t in (2, 4):
        checkpoints = [s + loss(weights, m) / 2 for m, s in enumerate(checkpoints)]
kept = sorted(sorted(range(4), key=lambda n: (-observed[n], n))[:2])
for position in TRAINING_ORDER:
    weights = update(weights, kept[position])
print("observed   ", observed)
print("checkpoints", checkpoints)
print("kept       ", kept)
print("weights    ", weights)
