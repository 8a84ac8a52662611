"""A small image data set and configuration for tests of the command line. Standard library only."""
import pathlib
import random
import struct


def write_npy(path, descr, shape, payload):
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * ((64 - (10 + len(header) + 1) % 64) % 64) + "\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + payload)


def write_split(folder, name, count):
    """8 x 8 images of four classes, a bright quadrant in noise."""
    draw = random.Random(count)
    labels = [draw.randrange(4) for _ in range(count)]
    pixels = bytearray()
    for label in labels:
        for pixel in range(64):
            quadrant = pixel // 32 * 2 + pixel % 8 // 4
            pixels.append(draw.randrange(160) + (60 if quadrant == label else 0))
    write_npy(folder / f"{name}-images.npy", "|u1", (count, 8, 8), bytes(pixels))
    write_npy(folder / f"{name}-labels.npy", "|u1", (count,), bytes(labels))


def write_config(folder, run_directory, **train):
    """Writes config.toml for the data in `folder`; returns its path."""
    settings = {"epochs": 4, "batch_size": 16} | train
    lines = ["[data]", 'format = "npy"']
    for key, name in [("images", "train-images"), ("labels", "train-labels"),
                      ("test_images", "test-images"), ("test_labels", "test-labels")]:
        lines.append(f'{key} = "{folder / name}.npy"')
    lines += ["[train]"] + [f"{key} = {value}" for key, value in settings.items()]
    lines += ["[run]", f'directory = "{run_directory}"', "threads = 2", "checkpoint_seconds = 0"]
    path = pathlib.Path(folder) / "config.toml"
    path.write_text("\n".join(lines) + "\n")
    return path
