#!/usr/bin/env python3
"""Writes the golden files of the nn tests: what PyTorch computes from the same weights and batches.

    pip install torch==2.13.0 numpy safetensors     # the CPU build is enough
    tests/nn/golden/generate.py                     # writes next to itself, about two minutes

The same machine writes the same bytes every time. Elsewhere PyTorch's f32 errors (errors.json) and
the last bits of the float64 values may differ. The C++ side is golden.h; it recreates every input.

INPUTS. Nothing random is stored: uniform(stream, index) is the top 24 bits of splitmix64's mix of
(stream << 32 | index), over 2^24: exact in float32. A case owns 256 streams from 256 * CASES[name]:
  + 0  images. Small cases: 16 * uniform - 8, indexed n, y, x, c (NHWC). cnn: see cnn_images().
  + 1  labels: the top 24 bits modulo the number of classes, one per sample
  + 2  (cnn) class patterns    + 3  (cnn) brightness of a sample
  + 16 + t   parameter t, counted in the order of state_dict() without the statistics, elements in
             PyTorch's own order: weights of two and more dimensions uniform within +-1/sqrt(fan_in),
             batch norm weights in [0.5, 1.5), every bias in [-0.5, 0.5)
  + 128 + t  signs of the projections of parameter t's gradient: projection j of 32 adds element i
             where bit 32 + j of the hash of i is 0 and subtracts it where it is 1
Running statistics start at 0 and 1. The loss is the mean cross-entropy of the batch.

FILES (float64 throughout; shapes in parentheses)
cnn_rgb.safetensors (3x32x32, B=8 batches of 64) and cnn_gray.safetensors (1x28x28, B=4), each batch
one training-mode step from the same start. The batches are the first without a near tie (BATCHES):
where a ReLU or a maximum hangs on the last bit, which f32 program takes which branch is luck, and
one such pixel moves the gradient by a hundred times the rounding errors that are to be compared.
  batches (B): the numbers of the batches; number b holds samples 64 b to 64 b + 63
  logits (B,64,10), losses (B,64), gradient_projections (B,T,32), gradient_norms (B,T) with T
  parameters, statistics (B,448): running mean and variance of bn1, bn2, bn3
  trajectory (3,K,50), rgb only: mean losses along 50 Adam steps (lr 1e-3) over the 8 batches in
  turn, from K starts (start k draws its weights from stream + 65536 * k): float64, f32 NCHW, f32
  channels_last
errors.json: PyTorch f32's mean square errors against float64, per kind and batch, and for the
  gradient per parameter (over the batches), in both memory formats, with what they were run on.
networks.safetensors: per small network NAME (class Strided, WideKernel, Residual, Projection, Mlp
  below), one training step: NAME.logits, NAME.gradient.PARAMETER, NAME.statistics, and
  NAME.evaluation_logits with the running statistics that the step left.
optimizers.safetensors: NAME (37,) the parameters after 20 steps (OPTIMIZERS below); `cosine` (60,)
  the rates of CosineAnnealingLR(T_max=60, eta_min=0) from float32(1e-3).
loss.safetensors: losses (6,), probabilities (6,5), logit_gradients (6,5), smoothing 0.1, weighted.
"""

import argparse
import json
import math
import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import save_file
from torch import nn

THREADS = 2
CASES = {"cnn_rgb": 1, "cnn_gray": 2, "strided": 3, "wide_kernel": 4, "residual": 5,
         "projection": 6, "mlp": 7, "optimizers": 8, "loss": 9}  # 10: generate_muon.py
NUM_PROJECTIONS = 32
BATCH = 64
TRAJECTORY_STEPS = 50
TRAJECTORY_STARTS = 4
# The first batch numbers whose float64 activations keep MARGINS from every branch of the three
# blocks: some five times f32's own errors there. cnn_golden() checks it.
BATCHES = {"cnn_rgb": [97, 131, 238, 242, 245, 267, 325, 362], "cnn_gray": [30, 55, 180, 236]}
MARGINS = (4e-7, 2e-6, 3e-6)
FORMATS = {"nchw": torch.contiguous_format, "channels_last": torch.channels_last}


# --- inputs ---------------------------------------------------------------------------------------


def hash64(stream, index):
    z = (np.uint64(stream) << np.uint64(32)) | np.asarray(index, np.uint64)
    z = z + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def uniform(stream, count):
    bits = hash64(stream, np.arange(count)) >> np.uint64(40)
    return bits.astype(np.float32) * np.float32(2.0**-24)


def stream(case, offset):
    return 256 * CASES[case] + offset


def labels(case, first, count, classes):
    bits = hash64(stream(case, 1), np.arange(first, first + count)) >> np.uint64(40)
    return torch.from_numpy((bits % np.uint64(classes)).astype(np.int64))


def small_images(case, count, channels, height, width):
    values = np.float32(16) * uniform(stream(case, 0), count * height * width * channels) - 8
    nhwc = values.astype(np.float32).reshape(count, height, width, channels)
    return torch.from_numpy(nhwc).permute(0, 3, 1, 2).contiguous()


def cnn_images(case, first, count, channels, height, width):
    """A smooth pattern per class, the sample's brightness and noise, in integers over 65536."""
    classes = labels(case, first, count, 10).numpy()
    grid = hash64(stream(case, 2), np.arange(10 * channels * 25)) >> np.uint64(53)
    grid = (grid.astype(np.int64) - 1024).reshape(10, channels, 5, 5)  # corners 8 pixels apart
    y, x = np.arange(height)[:, None], np.arange(width)[None, :]
    pattern = sum(
        grid[:, :, y // 8 + dy, x // 8 + dx] * abs(8 * (1 - dy) - y % 8) * abs(8 * (1 - dx) - x % 8)
        for dy in (0, 1) for dx in (0, 1))
    pattern = pattern[classes].transpose(0, 2, 3, 1)  # within +-65536
    samples = np.arange(first, first + count)
    brightness = (hash64(stream(case, 3), samples) >> np.uint64(48)).astype(np.int64) - 32768
    per_sample = height * width * channels
    noise = hash64(stream(case, 0), np.arange(first * per_sample, (first + count) * per_sample))
    noise = ((noise >> np.uint64(46)).astype(np.int64) - 131072).reshape(pattern.shape)
    values = (pattern + brightness[:, None, None, None] + noise).astype(np.float32) / 65536
    return torch.from_numpy(values.astype(np.float32)).permute(0, 3, 1, 2).contiguous()


def fill(model, case, start=0):
    """Sets every parameter of a model and returns it; the statistics are fresh already."""
    assert all(module.running_mean.abs().sum() == 0 for module in model.modules()
               if isinstance(module, nn.BatchNorm2d))
    for t, (name, parameter) in enumerate(model.named_parameters()):
        u = uniform(stream(case, 16 + t) + 65536 * start, parameter.numel())
        if parameter.dim() >= 2:
            bound = np.float32(1.0 / math.sqrt(math.prod(parameter.shape[1:])))
            values = (2 * u - 1) * bound
        elif name.endswith(".weight"):
            values = np.float32(0.5) + u
        else:
            values = u - np.float32(0.5)
        assert values.dtype == np.float32
        parameter.data = torch.from_numpy(values).reshape(parameter.shape).to(parameter.dtype)
    return model


# --- networks -------------------------------------------------------------------------------------


class Cnn(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 32, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(32)
        self.conv2 = nn.Conv2d(32, 64, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(64)
        self.conv3 = nn.Conv2d(64, 128, 3, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(128)
        self.fc = nn.Linear(128, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 2)
        x = F.max_pool2d(F.relu(self.bn2(self.conv2(x))), 2)
        x = F.relu(self.bn3(self.conv3(x)))
        return self.fc(x.mean((2, 3)))


class Strided(nn.Module):
    """Stride 2 with padding and bias on an odd image, then a linear layer over H x W x C."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 5, 3, stride=2, padding=1)  # 7x9 -> 4x5
        self.fc = nn.Linear(5 * 4 * 5, 4)

    def forward(self, x):
        return self.fc(self.conv(x).flatten(1))


class WideKernel(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(2, 6, 5, padding=2, bias=False)  # 6x5
        self.conv2 = nn.Conv2d(6, 3, 2)  # even kernel, no padding: 5x4
        self.fc = nn.Linear(3 * 5 * 4, 4)

    def forward(self, x):
        return self.fc(F.relu(self.conv2(F.relu(self.conv1(x)))).flatten(1))


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(4, 6, 3, padding=1)
        self.conv1 = nn.Conv2d(6, 6, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(6)
        self.conv2 = nn.Conv2d(6, 6, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(6)
        self.fc = nn.Linear(6 * 4 * 3, 4)

    def forward(self, x):  # 7x6
        x = F.relu(self.stem(x))
        y = F.relu(self.bn1(self.conv1(x)))
        summed = self.bn2(self.conv2(y)) + x
        assert 0.01 < (summed > 6).double().mean() < 0.5  # the upper clip is really used
        return self.fc(F.max_pool2d(F.relu6(summed), 3, 2, 1).flatten(1))


class Projection(nn.Module):
    """A strided block with a 1x1 shortcut; odd sizes; batch norm options that are not defaults."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 5, 3, padding=1, bias=False)  # 11x9
        self.bn0 = nn.BatchNorm2d(5, eps=1e-3, momentum=0.25)
        self.conv1 = nn.Conv2d(5, 7, 3, stride=2, padding=1, bias=False)  # 6x5
        self.bn1 = nn.BatchNorm2d(7)
        self.shortcut = nn.Conv2d(5, 7, 1, stride=2, bias=False)
        self.bn2 = nn.BatchNorm2d(7)
        self.conv2 = nn.Conv2d(7, 4, 3, padding=1, bias=False)  # 3x2, after pooling
        self.fc = nn.Linear(4, 3, bias=False)

    def forward(self, x):
        x = F.relu(self.bn0(self.stem(x)))
        x = F.relu(self.bn1(self.conv1(x)) + self.bn2(self.shortcut(x)))
        x = self.conv2(F.max_pool2d(x, 2))
        return self.fc(x.mean((2, 3)))


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(12, 16)
        self.fc2 = nn.Linear(16, 8)
        self.fc3 = nn.Linear(8, 3)

    def forward(self, x):
        return self.fc3(F.relu(self.fc2(F.relu(self.fc1(x.flatten(1))))))


# case: (network, samples, channels, height, width, classes)
SMALL_NETWORKS = {"strided": (Strided, 3, 3, 7, 9, 4), "wide_kernel": (WideKernel, 4, 2, 6, 5, 4),
                  "residual": (Residual, 5, 4, 7, 6, 4), "projection": (Projection, 6, 3, 11, 9, 3),
                  "mlp": (Mlp, 7, 12, 1, 1, 3)}


# --- training steps -------------------------------------------------------------------------------


def statistics(model):
    parts = [s for m in model.modules() if isinstance(m, nn.BatchNorm2d)
             for s in (m.running_mean, m.running_var)]
    return torch.cat(parts).double().numpy() if parts else np.zeros(0)


def training_step(model, images, targets):
    """One forward and backward pass; everything it gives, as float64 arrays."""
    model.train()
    logits = model(images)
    losses = F.cross_entropy(logits, targets, reduction="none")
    model.zero_grad()
    losses.mean().backward()
    gradients = {name: p.grad.double().contiguous().flatten().numpy()
                 for name, p in model.named_parameters()}
    return {"logits": logits.detach().double().numpy(), "losses": losses.detach().double().numpy(),
            "gradients": gradients, "statistics": statistics(model)}


def project(gradient, sign_stream):
    bits = hash64(sign_stream, np.arange(gradient.size))
    shifts = np.arange(32, 32 + NUM_PROJECTIONS, dtype=np.uint64)
    signs = 1.0 - 2.0 * ((bits[:, None] >> shifts) & np.uint64(1)).astype(np.float64)
    return gradient @ signs


def mean_square(a, b):
    return float(np.mean((a - b) ** 2))


def square_errors(step, reference):
    """Mean squares of one step's errors, and sums of squares per parameter."""
    by_parameter = {name: float(np.sum((g - reference["gradients"][name]) ** 2))
                    for name, g in step["gradients"].items()}
    size = sum(g.size for g in step["gradients"].values())
    kinds = {kind: mean_square(step[kind], reference[kind])
             for kind in ("logits", "losses", "statistics")}
    return {**kinds, "gradient": sum(by_parameter.values()) / size}, by_parameter


def cnn_model(case, channels, dtype, memory_format=torch.contiguous_format, start=0):
    model = fill(Cnn(channels), case, start).to(dtype)
    return model.to(memory_format=memory_format)


def keeps_margins(model, x):
    """Whether no ReLU and no pool's maximum of the batch comes near to taking another branch."""
    for number, margin in enumerate(MARGINS, start=1):
        y = getattr(model, f"bn{number}")(getattr(model, f"conv{number}")(x))
        if y.abs().min() <= margin:
            return False
        if number == len(MARGINS):
            return True
        n, c, height, width = y.shape
        windows = y.reshape(n, c, height // 2, 2, width // 2, 2).transpose(3, 4).flatten(4)
        best = windows.topk(2).values
        if (best[..., 0] - best[..., 1])[best[..., 0] > 0].min() <= margin:
            return False
        x = F.max_pool2d(F.relu(y), 2)


def cnn_golden(case, channels, size):
    batches = [(cnn_images(case, BATCH * b, BATCH, channels, size, size),
                labels(case, BATCH * b, BATCH, 10)) for b in BATCHES[case]]
    with torch.no_grad():
        model = cnn_model(case, channels, torch.float64).train()
        assert all(keeps_margins(model, images.double()) for images, _ in batches)
    arrays = {k: [] for k in ("logits", "losses", "statistics", "gradient_projections",
                              "gradient_norms")}
    errors = {f: {k: [] for k in ("logits", "losses", "gradient", "statistics")} for f in FORMATS}
    by_parameter = {f: {} for f in FORMATS}
    for images, targets in batches:
        reference = training_step(cnn_model(case, channels, torch.float64), images.double(),
                                  targets)
        for kind in ("logits", "losses", "statistics"):
            arrays[kind].append(reference[kind])
        gradients = list(reference["gradients"].values())
        arrays["gradient_projections"].append(
            [project(g, stream(case, 128 + t)) for t, g in enumerate(gradients)])
        arrays["gradient_norms"].append([np.linalg.norm(g) for g in gradients])
        for name, memory_format in FORMATS.items():
            model = cnn_model(case, channels, torch.float32, memory_format)
            step = training_step(model, images.to(memory_format=memory_format), targets)
            kinds, parameters = square_errors(step, reference)
            for kind, value in kinds.items():
                errors[name][kind].append(value)
            for parameter, value in parameters.items():
                share = value / step["gradients"][parameter].size / len(batches)
                by_parameter[name][parameter] = by_parameter[name].get(parameter, 0.0) + share
    for name in FORMATS:
        errors[name]["gradient_by_parameter"] = by_parameter[name]
    arrays["batches"] = np.array(BATCHES[case], np.float64)
    return {k: np.array(v) for k, v in arrays.items()}, errors, batches


def trajectory(case, channels, batches, dtype, memory_format, start):
    model = cnn_model(case, channels, dtype, memory_format, start).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    means = []
    for s in range(TRAJECTORY_STEPS):
        images, targets = batches[s % len(batches)]
        images = images.to(dtype).to(memory_format=memory_format)
        losses = F.cross_entropy(model(images), targets, reduction="none")
        optimizer.zero_grad()
        losses.mean().backward()
        optimizer.step()
        means.append(losses.detach().double().mean().item())
    return means


def trajectories(case, channels, batches):
    runs = [(torch.float64, torch.contiguous_format)] + [(torch.float32, f)
                                                         for f in FORMATS.values()]
    return np.array([[trajectory(case, channels, batches, dtype, memory_format, start)
                      for start in range(TRAJECTORY_STARTS)] for dtype, memory_format in runs])


def network_golden(case):
    network, samples, channels, height, width, classes = SMALL_NETWORKS[case]
    model = fill(network(), case).double()
    images = small_images(case, samples, channels, height, width).double()
    step = training_step(model, images, labels(case, 0, samples, classes))
    arrays = {f"{case}.logits": step["logits"], f"{case}.statistics": step["statistics"]}
    for name, gradient in step["gradients"].items():
        arrays[f"{case}.gradient.{name}"] = gradient
    with torch.no_grad():
        arrays[f"{case}.evaluation_logits"] = model.eval()(images).numpy()
    return arrays


# --- optimizers and losses ------------------------------------------------------------------------

NUM_OPTIMIZED = 37
OPTIMIZER_STEPS = 20
OPTIMIZERS = {
    "sgd": lambda p, lr: torch.optim.SGD(p, lr=lr),
    "sgd_momentum": lambda p, lr: torch.optim.SGD(p, lr=lr, momentum=0.9),
    "sgd_momentum_decay": lambda p, lr: torch.optim.SGD(p, lr=lr, momentum=0.9, weight_decay=0.01),
    "adam": lambda p, lr: torch.optim.Adam(p, lr=lr),
    "adam_decay": lambda p, lr: torch.optim.Adam(p, lr=lr, weight_decay=0.01),
    "adamw": lambda p, lr: torch.optim.AdamW(p, lr=lr, weight_decay=0.01),
}


def optimized(make):
    """Parameter i starts at 2 * uniform - 1 (stream 0). Step s = 0..19 has the gradient
    (2 * uniform - 1) * 4^-(i mod 13) of stream 1 + s (down to 4^-12, where epsilon counts) and the
    learning rate (64 - s) / 1024."""
    p = torch.from_numpy(2 * uniform(stream("optimizers", 0), NUM_OPTIMIZED) - 1).double()
    p.requires_grad_(True)
    optimizer = make([p], 1.0)
    scale = torch.tensor([4.0 ** -(i % 13) for i in range(NUM_OPTIMIZED)], dtype=torch.float64)
    for s in range(OPTIMIZER_STEPS):
        u = torch.from_numpy(uniform(stream("optimizers", 1 + s), NUM_OPTIMIZED)).double()
        p.grad = (2 * u - 1) * scale
        optimizer.param_groups[0]["lr"] = (64 - s) / 1024
        optimizer.step()
    return p.detach().numpy()


def cosine_rates(planned):
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=float(np.float32(1e-3)))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=planned, eta_min=0)
    rates = []
    for _ in range(planned):
        rates.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    return np.array(rates)


def loss_golden():
    """Logits 16 * uniform - 8 (stream 0), weights uniform (stream 2)."""
    logits = torch.from_numpy(16 * uniform(stream("loss", 0), 30) - 8).double().reshape(6, 5)
    logits.requires_grad_(True)
    targets = labels("loss", 0, 6, 5)
    weights = torch.from_numpy(uniform(stream("loss", 2), 6)).double()
    smoothed = F.cross_entropy(logits, targets, reduction="none", label_smoothing=0.1)
    ((weights * smoothed).sum() / 6).backward()
    return {"losses": F.cross_entropy(logits, targets, reduction="none").detach().numpy(),
            "probabilities": logits.softmax(1).detach().numpy(),
            "logit_gradients": logits.grad.numpy()}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path(__file__).parent)
    output = parser.parse_args().output
    torch.set_num_threads(THREADS)

    def save(name, arrays):
        save_file({k: np.ascontiguousarray(v) for k, v in arrays.items()},
                  output / f"{name}.safetensors")
        (output / f"{name}.safetensors").chmod(0o644)  # save_file makes it private

    rgb, rgb_errors, rgb_batches = cnn_golden("cnn_rgb", 3, 32)
    rgb["trajectory"] = trajectories("cnn_rgb", 3, rgb_batches)
    save("cnn_rgb", rgb)
    gray, gray_errors, _ = cnn_golden("cnn_gray", 1, 28)
    save("cnn_gray", gray)
    environment = {"torch": torch.__version__, "threads": THREADS,
                   "cpu": torch.backends.cpu.get_cpu_capability(),
                   "mkldnn": torch.backends.mkldnn.is_available()}
    errors = {"environment": environment, "cnn_rgb": rgb_errors, "cnn_gray": gray_errors}
    (output / "errors.json").write_text(json.dumps(errors, indent=1) + "\n")
    networks = {}
    for case in SMALL_NETWORKS:
        networks.update(network_golden(case))
    save("networks", networks)
    save("optimizers", {**{name: optimized(make) for name, make in OPTIMIZERS.items()},
                        "cosine": cosine_rates(60)})
    save("loss", loss_golden())


if __name__ == "__main__":
    main()
