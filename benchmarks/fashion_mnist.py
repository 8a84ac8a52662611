"""Fashion-MNIST as Debian's package dataset-fashion-mnist installs it."""

import gzip
import pathlib

import numpy as np

FOLDER = pathlib.Path("/usr/share/datasets/fashion-mnist")


def idx(name):
    data = gzip.decompress((FOLDER / f"{name}.gz").read_bytes())
    extents = data[3]
    shape = np.frombuffer(data, ">u4", extents, 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * extents).reshape(shape)


def read(split):
    """Images (N x 1 x 28 x 28, uint8) and labels of "train" or "t10k"."""
    return idx(f"{split}-images-idx3-ubyte")[:, None], idx(f"{split}-labels-idx1-ubyte")
