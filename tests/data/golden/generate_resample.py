#!/usr/bin/env python3
"""Writes resample.safetensors, images at a lower size as Pillow makes them.

    pip install pillow==13.0.0 numpy safetensors
    tests/data/golden/generate_resample.py      # writes next to itself

Each image is one channel of floats (mode "F"), resized by Image.resize with BILINEAR, which is
antialiased, and no reducing_gap. Value i of an image, row by row, is (31 i^2 + 17 i) mod 251 - 125.

resample.safetensors: FROM_TO (float32, height x width of TO), e.g. 32x32_24x24
"""

import pathlib

import numpy as np
from PIL import Image
from safetensors.numpy import save_file

# (height, width) from, to
CASES = [
    ((32, 32), (24, 24)),
    ((32, 32), (20, 20)),
    ((32, 32), (31, 31)),
    ((28, 28), (20, 20)),
    ((28, 28), (21, 21)),
    ((33, 17), (13, 11)),
    ((7, 5), (3, 4)),
    ((9, 9), (2, 8)),
    ((32, 30), (16, 20)),
    ((31, 31), (31, 15)),
    ((1, 128), (1, 96)),
    ((1, 50), (1, 33)),
    ((75, 1), (56, 1)),
]


def image(height, width):
    at = np.arange(height * width, dtype=np.int64)
    return ((31 * at * at + 17 * at) % 251 - 125).astype(np.float32).reshape(height, width)


def main():
    tensors = {}
    for (height, width), (to_height, to_width) in CASES:
        resized = Image.fromarray(image(height, width)).resize(
            (to_width, to_height), Image.Resampling.BILINEAR
        )
        assert resized.mode == "F"
        tensors[f"{height}x{width}_{to_height}x{to_width}"] = np.asarray(resized)
    save_file(tensors, pathlib.Path(__file__).with_name("resample.safetensors"))


if __name__ == "__main__":
    main()
