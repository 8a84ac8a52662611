#!/usr/bin/env python3
"""A small training run of an arm64 binary under an emulator, and the promise that the same scores
give the same selection on every machine: both binaries select from its scores and from hard ones.

    small_run.py NATIVE EMULATED...     # build/release/bin/edgeprune qemu-aarch64 -L ROOT edgeprune
"""
import json
import pathlib
import random
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cli"))
from small_data import write_config, write_npy, write_split


def call(command, *arguments):
    done = subprocess.run([*command, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, arguments))}: exit code {done.returncode}\n{done.stderr}")
    return done.stdout


def floats(path):
    content = path.read_bytes()
    payload = content[10 + struct.unpack("<H", content[8:10])[0]:]
    return struct.unpack(f"<{len(payload) // 4}f", payload)


def run_small(command, folder, name):
    """Algorithm 1 on 240 images of 8 x 8; returns its run directory."""
    directory = folder / name
    call(command, "run", write_config(folder, directory), "-q")
    summary = json.loads((directory / "summary.json").read_text())
    assert summary["status"] == "complete", summary
    print(f"{name}: kept {summary['num_kept']} of {summary['num_samples']}, "
          f"test accuracy {summary['results']['test_accuracy']:.3f}")
    assert summary["results"]["test_accuracy"] > 0.9, summary
    return directory


def write_hard_scores(path):
    """Ties, both zeros, neighbouring floats and all magnitudes."""
    draw = random.Random(1)
    ties = [draw.choice([0.0, -0.0, 0.25, 1e-45, 3.0e38]) for _ in range(500)]
    near = [struct.unpack("<f", struct.pack("<I", 0x3F800000 + draw.randrange(9)))[0]
            for _ in range(500)]
    spread = [draw.random() * 10.0 ** draw.randrange(-30, 30) for _ in range(1000)]
    scores = ties + near + spread
    draw.shuffle(scores)
    write_npy(path, "<f4", (len(scores),), struct.pack(f"<{len(scores)}f", *scores))


def select(command, scores, strategy, ratio, output):
    call(command, "select", "--scores", scores, "--strategy", strategy, "--keep-ratio", ratio,
         "--seed", 7, "--output", output)
    manifest = json.loads((output / "selection.json").read_text())
    return manifest["selection_hash"], (output / "selection.npy").read_bytes()


def compare_selections(native, emulated, folder, scores):
    compared = 0
    for strategy in ["top", "random"]:
        for ratio in ["0.05", "0.29", "0.5", "1"]:
            name = f"{scores.parent.name}-{scores.stem}-{strategy}-{ratio}"
            here = select(native, scores, strategy, ratio, folder / f"{name}-native")
            there = select(emulated, scores, strategy, ratio, folder / f"{name}-emulated")
            assert here == there, f"{name}: {here[0]} and {there[0]}"
            compared += 1
    return compared


def main():
    native, emulated = [sys.argv[1]], sys.argv[2:]
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        write_split(folder, "train", 240)
        write_split(folder, "test", 80)
        there = run_small(emulated, folder, "arm64")
        here = run_small(native, folder, "native")
        pairs = zip(floats(here / "scores.npy"), floats(there / "scores.npy"))
        print("largest relative difference of their scores: "
              f"{max(abs(a - b) / max(abs(a), 1e-6) for a, b in pairs):.1e} (not promised)")

        hard = folder / "hard.npy"
        write_hard_scores(hard)
        compared = sum(compare_selections(native, emulated, folder, scores)
                       for scores in [there / "scores.npy", here / "scores.npy", hard])
        print(f"{compared} selections from the same scores: equal in every byte and hash")


if __name__ == "__main__":
    main()
