#!/usr/bin/env python3
"""Writes the golden files of deep networks: single training steps of mobilenet_v2 and resnet34 at
their start, and of narrow ones in trained states.

    pip install torch==2.13.0 numpy safetensors     # the CPU build is enough
    tests/nn/golden/generate_deep.py                # writes next to itself, about ten minutes
    tests/nn/golden/generate_deep.py resnet34       # one case

Streams, images, labels and starting weights are those of generate.py; a case owns 4096 streams, so
that its signs begin at + 2048 + t (parameter t's gradient) and + 3072 + s (running statistic s, in
state_dict() order).

Nothing is filtered. In a network this deep some of millions of ReLUs hang on the last bit in every
batch, whichever program runs it, and each that falls the other way moves the gradient by far more
than rounding does. So a case has several batches, every one from another start, and the test
compares medians over them.

CASE.safetensors: B batches of 64 samples of 3x32x32; float64 throughout, from PyTorch in float64
  logits (B,64,10), losses (B,64), evaluation_logits (B,64,10; trained states only, before the step)
  gradient_norms (B,T), gradient_projections (B,T,8), for T parameters; statistics_norms (B,S),
  statistics_projections (B,S,8), for the S running means and variances after the step
  FORMAT.KIND (B): PyTorch f32's errors in FORMAT nchw and channels_last, as mean squares: KIND is
  logits, losses, evaluation_logits; or gradient, statistics: per tensor |error|^2 / |tensor|^2,
  the mean over the tensors that are not VANISHING times shorter than the longest: a bias of a batch
  norm that reaches only other batch norms through linear layers has no gradient but rounding. The
  errors of the tensors are measured in full, not by projections.
  weights (uint16; trained states only): parameters and statistics in state_dict() order without
  num_batches_tracked, each the upper half of a float32 whose lower half is zero
"""

import argparse
import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import save_file

import generate
from generate import BATCH, FORMATS, cnn_images, fill, hash64, labels, mean_square, stream

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "benchmarks"))
from pytorch_networks import MobileNetV2, ResNet  # noqa: E402

NUM_PROJECTIONS = 8
GRADIENT_SIGNS, STATISTIC_SIGNS = 2048, 3072
VANISHING = 1e-6
FIRST_TRAINING_BATCH = 1000

# case: (number, network, batches, Adam steps before them). Training stops where losses are still
# far from 0: later a handful of samples would make the whole gradient.
CASES = {
    "mobilenet_v2": (4096, MobileNetV2, 6, 0),
    "resnet34": (4112, lambda: ResNet((3, 4, 6, 3)), 4, 0),
    "mobilenet_v2_narrow": (4128, lambda: MobileNetV2(0.25), 6, 60),
    "resnet_narrow": (4144, lambda: ResNet((2, 2, 2, 2), 16), 6, 20),
}
generate.CASES.update({case: row[0] for case, row in CASES.items()})


def batch(case, number):
    return cnn_images(case, BATCH * number, BATCH, 3, 32, 32), labels(case, BATCH * number, BATCH,
                                                                     10)


def tensors(model):
    return [t for name, t in model.state_dict().items() if not name.endswith("batches_tracked")]


def trained_weights(case):
    """The state after some Adam steps, rounded to bfloat16; the upper halves of its floats."""
    model = fill(CASES[case][1](), case)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    steps = CASES[case][3]
    for s in range(steps):
        images, targets = batch(case, FIRST_TRAINING_BATCH + s)
        loss = F.cross_entropy(model(images), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(f"{case}: loss {loss.item():.3f} after {steps} steps", flush=True)
    flat = torch.cat([t.flatten() for t in tensors(model)]).bfloat16()
    return flat.view(torch.int16).numpy().view(np.uint16)


def load(model, weights):
    flat = torch.from_numpy((weights.astype(np.uint32) << np.uint32(16)).view(np.float32))
    first = 0
    for tensor in tensors(model):
        tensor.copy_(flat[first:first + tensor.numel()].reshape(tensor.shape))
        first += tensor.numel()
    return model


def start(case, number, weights, dtype, memory_format):
    model = CASES[case][1]()
    model = fill(model, case, number) if weights is None else load(model, weights)
    return model.to(dtype).to(memory_format=memory_format)


def all_numbers(model, images, targets, trained):
    result = {}
    if trained:
        with torch.no_grad():
            result["evaluation_logits"] = model.eval()(images).double().numpy()
    step = generate.training_step(model, images, targets)
    statistics = [t.double().numpy() for name, t in model.state_dict().items()
                  if "running_" in name]
    return {**result, "logits": step["logits"], "losses": step["losses"],
            "gradient": list(step["gradients"].values()), "statistics": statistics}


def project(values, sign_stream):
    bits = hash64(sign_stream, np.arange(values.size)) >> np.uint64(32)
    return [float(values @ (1.0 - 2.0 * ((bits >> np.uint64(j)) & np.uint64(1)))) for j in
            range(NUM_PROJECTIONS)]


def relative_square(values, reference):
    least = VANISHING * max(map(np.linalg.norm, reference))
    return float(np.mean([np.sum((a - b) ** 2) / np.sum(b**2)
                          for a, b in zip(values, reference) if np.linalg.norm(b) > least]))


def golden(case):
    _, _, batches, steps = CASES[case]
    trained = steps > 0
    weights = trained_weights(case) if trained else None
    arrays = {}

    def append(name, value):
        arrays.setdefault(name, []).append(value)

    for b in range(batches):
        images, targets = batch(case, b)
        model = start(case, b, weights, torch.float64, torch.contiguous_format)
        truth = all_numbers(model, images.double(), targets, trained)
        for kind, values in truth.items():
            if kind in ("gradient", "statistics"):
                signs = GRADIENT_SIGNS if kind == "gradient" else STATISTIC_SIGNS
                append(f"{kind}_norms", [np.linalg.norm(v) for v in values])
                append(f"{kind}_projections",
                       [project(v, stream(case, signs + t)) for t, v in enumerate(values)])
            else:
                append(kind, values)
        for name, memory_format in FORMATS.items():
            model = start(case, b, weights, torch.float32, memory_format)
            numbers = all_numbers(model, images.to(memory_format=memory_format), targets, trained)
            for kind, values in numbers.items():
                error = relative_square if kind in ("gradient", "statistics") else mean_square
                append(f"{name}.{kind}", error(values, truth[kind]))
            print(case, b, name, {kind: f"{arrays[f'{name}.{kind}'][-1] ** 0.5:.2e}"
                                  for kind in truth}, flush=True)
    arrays = {name: np.array(values, np.float64) for name, values in arrays.items()}
    return arrays if weights is None else {**arrays, "weights": weights}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", default=list(CASES), metavar="CASE")
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path(__file__).parent)
    options = parser.parse_args()
    torch.set_num_threads(generate.THREADS)
    for case in options.cases:
        path = options.output / f"{case}.safetensors"
        save_file(golden(case), path)
        path.chmod(0o644)  # save_file makes it private


if __name__ == "__main__":
    main()
