#!/usr/bin/env python3
"""Windows of a smartwatch's accelerometer and gyroscope, as .npy files that edgeprune reads.

    pip install --no-deps seglearn numpy
    python3 examples/smartwatch.py runs/smartwatch-data

Seven shoulder exercises by ten people, 140 recordings at 50 Hz of 6 axes, which the package seglearn
(BSD licence) carries; Burns et al. 2018, arXiv 1802.01489. A sample is a window of 2 s, every
second; 1 x 100 pixels of 6 channels. Subjects 9 and 10 are the test set.
"""

import importlib.util
import pathlib
import sys

import numpy as np

STEPS = 100
STRIDE = 50
TEST_SUBJECTS = (9, 10)


def recordings():
    package = importlib.util.find_spec("seglearn")
    if package is None:
        sys.exit("smartwatch.py: seglearn is missing; pip install --no-deps seglearn")
    folder = pathlib.Path(package.submodule_search_locations[0])
    # A pickle, of a package that was installed to be run.
    return np.load(folder / "data/watch_dataset.npy", allow_pickle=True).item()


def windows(data, subjects):
    samples, labels = [], []
    for series, label, subject in zip(data["X"], data["y"], data["subject"]):
        if int(subject) not in subjects:
            continue
        for start in range(0, len(series) - STEPS + 1, STRIDE):
            samples.append(series[start:start + STEPS])
            labels.append(int(label))
    return np.stack(samples).astype("<f4")[:, None], np.array(labels, "u1")


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "runs/smartwatch-data")
    folder.mkdir(parents=True, exist_ok=True)
    data = recordings()
    everyone = {int(subject) for subject in data["subject"]}
    for name, subjects in [("train", everyone - set(TEST_SUBJECTS)), ("test", TEST_SUBJECTS)]:
        samples, labels = windows(data, subjects)
        np.save(folder / f"{name}-signals.npy", samples)
        np.save(folder / f"{name}-labels.npy", labels)
        print(f"{name}: {len(labels)} windows of {samples.shape[1:]}, classes {np.bincount(labels)}")


if __name__ == "__main__":
    main()
