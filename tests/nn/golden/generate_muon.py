#!/usr/bin/env python3
"""Writes muon.safetensors: what Muon makes of a small network's weights, in float64.

    pip install torch==2.13.0 numpy safetensors     # the CPU build is enough
    tests/nn/golden/generate_muon.py                # writes next to itself, some seconds

Inputs are made as in generate.py; the C++ side is tests/nn/muon_golden_test.cc. Parameter t (SHAPES,
in this order) starts as there, from stream 16 + t, `zero.weight` at 0. Step s has the gradient (2 * uniform - 1) * 4^-(i mod 5) of stream 16 * (s + 2) + t, `still.weight` none,
and the learning rate (16 - s) / 1024. Elements are in PyTorch's order.

FILES (float32, rounded from float64; PARAMETER as in SHAPES, after STEPS steps)
kept.PARAMETER: the rule of nn/optimizer.h with norms that stay, written anew here: three iterations
  as they are defined, Adam with decoupled decay 0.1 for what is no matrix, betas 0.9 and 0.95, the
  head at 9 times and batch norm at half the rate, Muon at 6.25 times.
torch.PARAMETER: torch.optim.Muon (five iterations, momentum 0.95, weight decay 0.1, "original"
  adjustment, 2 times the rate) for the matrices, torch.optim.AdamW (weight decay 0.1) for the rest.
  torch.optim.Muon iterates in bfloat16; here Tensor.bfloat16 is replaced so that it stays float64.
"""

import argparse
import math
import pathlib

import numpy as np
import torch
from safetensors.numpy import save_file

from generate import uniform

STREAMS = 256 * 10  # CASES["muon"] of golden.h
STEPS = 6
SHAPES = {
    "wide.weight": (12, 5, 1, 1), "tall.weight": (10, 12, 3, 3), "square.weight": (10, 10, 1, 1),
    "norm.weight": (10,), "norm.bias": (10,), "depthwise.weight": (10, 1, 3, 3),
    "zero.weight": (8, 10, 1, 1), "still.weight": (8, 8, 1, 1), "panels.weight": (70, 8, 3, 3),
    "wide_panels.weight": (80, 70, 1, 1), "hidden.weight": (40, 80), "hidden.bias": (40,),
    "head.weight": (10, 40), "head.bias": (10,)}


def is_matrix(name):
    return len(SHAPES[name]) > 1 and name not in ("depthwise.weight", "head.weight")


def start(t, name):
    shape = SHAPES[name]
    if name == "zero.weight":
        return np.zeros(shape)
    u = uniform(STREAMS + 16 + t, math.prod(shape))
    if len(shape) > 1:
        values = (2 * u - 1) * np.float32(1 / math.sqrt(math.prod(shape[1:])))
    else:
        values = u + np.float32(0.5 if name.endswith(".weight") else -0.5)
    return values.astype(np.float64).reshape(shape)


def gradient(s, t, name):
    size = math.prod(SHAPES[name])
    if name == "still.weight":
        return np.zeros(SHAPES[name])
    values = 2 * uniform(STREAMS + 16 * (s + 2) + t, size).astype(np.float64) - 1
    return (values * 4.0 ** -(np.arange(size) % 5)).reshape(SHAPES[name])


def rate(s):
    return (16 - s) / 1024


# --- the rule of nn/optimizer.h, norms kept -------------------------------------------------------


def newton_schulz(x, iterations):
    a, b, c = 3.4445, -4.7750, 2.0315
    transposed = x.shape[0] > x.shape[1]
    if transposed:
        x = x.T
    for _ in range(iterations):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if transposed else x


def muon_step(weight, momentum, g, lr):
    momentum = 0.6 * momentum + g
    u = (g + 0.6 * momentum).reshape(weight.shape[0], -1)
    size = np.linalg.norm(u)
    if size > 0:
        u = newton_schulz(u / size, 3)
    matrix = weight.reshape(u.shape)
    natural = math.sqrt(min(u.shape))
    norm = np.linalg.norm(matrix) or natural
    matrix = matrix - lr * norm / natural * u
    return (matrix * norm / np.linalg.norm(matrix)).reshape(weight.shape), momentum


def adamw_step(weight, mean, square, g, lr, t):
    mean = 0.9 * mean + 0.1 * g
    square = 0.95 * square + 0.05 * g * g
    weight = weight * (1 - 0.1 * lr)
    root = np.sqrt(square / (1 - 0.95**t)) + 1e-8
    return weight - lr * mean / (1 - 0.9**t) / root, mean, square


def kept(t, name):
    weight = start(t, name)
    first, second = np.zeros_like(weight), np.zeros_like(weight)
    factor = 9 if name.startswith("head") else 0.5 if name.startswith("norm") else 1
    for s in range(STEPS):
        g = gradient(s, t, name)
        if is_matrix(name):
            weight, first = muon_step(weight, first, g, 6.25 * rate(s))
        else:
            weight, first, second = adamw_step(weight, first, second, g, factor * rate(s), s + 1)
    return weight


# --- torch.optim ----------------------------------------------------------------------------------


def by_torch(t, name):
    weight = torch.from_numpy(start(t, name))
    matrix = is_matrix(name)
    if matrix:
        weight = weight.flatten(1)
    weight.requires_grad_(True)
    optimizer = (torch.optim.Muon([weight], weight_decay=0.1, momentum=0.95) if matrix else
                 torch.optim.AdamW([weight], weight_decay=0.1))
    for s in range(STEPS):
        weight.grad = torch.from_numpy(gradient(s, t, name)).reshape(weight.shape)
        optimizer.param_groups[0]["lr"] = (2 if matrix else 1) * rate(s)
        optimizer.step()
    return weight.detach().numpy().reshape(SHAPES[name])


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path(__file__).parent)
    output = parser.parse_args().output / "muon.safetensors"
    torch.Tensor.bfloat16 = torch.Tensor.clone
    arrays = {}
    for t, name in enumerate(SHAPES):
        arrays[f"kept.{name}"] = kept(t, name)
        arrays[f"torch.{name}"] = by_torch(t, name)
    save_file({k: np.ascontiguousarray(v, np.float32) for k, v in arrays.items()}, output)
    output.chmod(0o644)  # save_file makes it private


if __name__ == "__main__":
    main()
