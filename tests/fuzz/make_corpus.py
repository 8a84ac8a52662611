#!/usr/bin/env python3
"""Writes the seed inputs of the fuzz targets into tests/fuzz/corpus: tests/fuzz/make_corpus.py

Each seed is a small valid file or one of the damages that the readers must name.
"""

import gzip
import json
import pathlib
import struct
import zlib

CORPUS = pathlib.Path(__file__).resolve().parent / "corpus"


def write(name, content):
    path = CORPUS / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def idx(extents, values):
    return struct.pack(">HBB", 0, 8, len(extents)) + struct.pack(
        f">{len(extents)}I", *extents) + bytes(values)


def write_idx():
    write("idx/images", idx([2, 3, 4], range(24)))
    write("idx/labels", idx([5], [0, 1, 2, 1, 0]))
    write("idx/empty", idx([0], []))
    write("idx/truncated", idx([2, 3, 4], range(20)))
    write("idx/floats", b"\0\0\x0d\x01" + struct.pack(">If", 1, 0.5))
    write("idx/huge_extents", idx([0xffffffff] * 4, []))


def gzip_member(content):
    return gzip.compress(content, mtime=0)


def write_gzip():
    member = gzip_member(idx([2, 3, 4], range(24)))
    stored = zlib.compressobj(0, zlib.DEFLATED, 31)
    write("gzip/member", member)
    write("gzip/two_members", member + gzip_member(b"second"))
    write("gzip/empty_member", gzip_member(b""))
    write("gzip/stored", stored.compress(b"not compressed") + stored.flush())
    write("gzip/truncated", member[:-9])
    write("gzip/wrong_checksum", member[:-8] + b"\0\0\0\0" + member[-4:])
    write("gzip/trailing_bytes", member + b"trailing")
    write("gzip/zeros", gzip_member(bytes(200000)))
    write("gzip/plain", idx([2], [0, 1]))


def npy(descr, shape, elements, fortran=False, version=1):
    header = f"{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}"
    prefix = 10 if version == 1 else 12
    header = header.ljust(-(prefix + len(header) + 1) % 64 + len(header)) + "\n"
    length = struct.pack("<H" if version == 1 else "<I", len(header))
    return b"\x93NUMPY" + bytes([version, 0]) + length + header.encode() + elements


def write_npy():
    write("npy/bytes", npy("|u1", (2, 2, 2, 1), bytes(range(8))))
    write("npy/floats", npy("<f4", (3,), struct.pack("<3f", 0.5, -1, 2)))
    write("npy/labels", npy("<i8", (2,), struct.pack("<2q", 0, 9)))
    write("npy/large_unsigned", npy("<u8", (1,), b"\xff" * 8))
    write("npy/scalar", npy("<i4", (), struct.pack("<i", 7)))
    write("npy/version_2", npy("<u2", (1,), b"\1\2", version=2))
    write("npy/fortran", npy("<f8", (1, 1), bytes(8), fortran=True))
    write("npy/big_endian", npy(">i4", (1,), bytes(4)))
    write("npy/truncated", npy("<i4", (3,), bytes(8)))
    write("npy/huge_shape", npy("<i4", (2**62, 8), b""))


def safetensors(header, data):
    return struct.pack("<Q", len(header)) + header.encode() + data


def write_safetensors():
    entry = '"%s":{"dtype":"%s","shape":%s,"data_offsets":%s}'
    weight = entry % ("fc.weight", "F32", "[1,2]", "[0,8]")
    count = entry % ("bn.num_batches_tracked", "I64", "[]", "[8,16]")
    metadata = '"__metadata__":{"format":"pt"}'
    model = safetensors("{" + ",".join([metadata, weight, count]) + "}",
                        struct.pack("<2fq", 0.5, -1, 7))
    write("safetensors/model", model)
    write("safetensors/truncated", model[:-3])
    write("safetensors/header_cut", model[:30])
    write("safetensors/empty", safetensors("{}", b""))
    write("safetensors/not_json", safetensors("{", b""))
    write("safetensors/unknown_type",
          safetensors("{" + entry % ("a", "BF16", "[1]", "[0,2]") + "}", bytes(2)))
    write("safetensors/escaped_name",
          safetensors("{" + entry % ("a\\n", "U8", "[1]", "[0,1]") + "}", bytes(1)))
    write("safetensors/deep_shape", safetensors("{" + entry % (
        "a", "F32", "[" * 5000 + "]" * 5000, "[0,0]") + "}", b""))
    write("safetensors/huge_length", b"\xff" * 8 + b"{}")
    write("safetensors/huge_shape",
          safetensors("{" + entry % ("a", "F64", "[4294967296,4294967296]", "[0,0]") + "}", b""))


def write_json():
    write("json/values", b'{"a": [1, -2, 0.5, 1e3, "b\\u00e9", null, true], "c": {}}')
    write("json/deep_list", b"[" * 5000 + b"]" * 5000)
    write("json/deep_object", b'{"a":' * 5000 + b"1" + b"}" * 5000)
    write("json/twice", b'{"a": 1, "\\u0061": 2}')
    write("json/out_of_range", b"[1e400]")
    write("json/long_number", b"[" + b"9" * 309 + b"]")
    write("json/long_text", b'["' + b"a" * 100 + b'"]')
    write("json/not_utf8", b'["\xff"]')
    write("json/two", b"[1]\n[2]")
    write("json/byte_order_mark", b"\xef\xbb\xbf{}")


def write_printable():
    write("printable/escape", b"\x1b[31mred\x1b[0m\r\a\n\t\x7f")
    write("printable/override", "a\u202eb\u2066c\u200b\ufeff\U000e0001".encode())
    write("printable/c1", b"\x9b31m\xc2\x9b31m")
    write("printable/overlong", b"\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80\xf0\x9f")
    write("printable/words", "größe 猫 🐈".encode())


def png_chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(
        ">I", zlib.crc32(kind + content))


def png(width, height, depth, colour, rows, extra=b"", interlace=0):
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)
    return (b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + extra +
            png_chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows), 9)) +
            png_chunk(b"IEND", b""))


def write_png():
    palette = png_chunk(b"PLTE", bytes(range(6)))
    transparent = palette + png_chunk(b"tRNS", b"\x80")
    write("image/grey.png", png(3, 2, 8, 0, [b"\1\2\3", b"\4\5\6"]))
    write("image/colour.png", png(2, 1, 8, 2, [bytes(range(6))]))
    write("image/alpha.png", png(1, 1, 8, 6, [b"\1\2\3\x80"]))
    write("image/grey_alpha.png", png(1, 1, 8, 4, [b"\1\x80"]))
    write("image/sixteen_bits.png", png(1, 1, 16, 2, [bytes(range(6))]))
    write("image/palette.png", png(4, 1, 1, 3, [b"\x50"], palette))
    write("image/transparent.png", png(4, 1, 1, 3, [b"\x50"], transparent))
    write("image/interlaced.png", png(1, 1, 8, 0, [b"\7"], interlace=1))
    write("image/truncated.png", png(3, 2, 8, 0, [b"\1\2\3", b"\4\5\6"])[:-20])
    write("image/huge.png", png(1000000, 1000000, 8, 0, [b"\0"]))


def jpeg_segment(marker, content):
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(content) + 2) + content


def jpeg(width, height, components, scan):
    """A baseline JPEG whose two Huffman tables know one symbol each, the code "0": a difference of
    0 for DC and end-of-block for AC. A block is two zero bits, the mean grey."""
    one_code = bytes([1] + [0] * 15) + b"\0"
    numbers = range(1, components + 1)
    return (b"\xff\xd8" + jpeg_segment(0xdb, b"\0" + bytes([1] * 64)) +
            jpeg_segment(0xc0, struct.pack(">BHHB", 8, height, width, components) +
                         b"".join(bytes([n, 0x11, 0]) for n in numbers)) +
            jpeg_segment(0xc4, b"\x00" + one_code) + jpeg_segment(0xc4, b"\x10" + one_code) +
            jpeg_segment(0xda, bytes([components]) + b"".join(bytes([n, 0]) for n in numbers) +
                         b"\x00\x3f\x00") + scan + b"\xff\xd9")


def write_jpeg():
    write("image/grey.jpg", jpeg(8, 8, 1, b"\x3f"))
    write("image/colour.jpg", jpeg(8, 8, 3, b"\x03"))
    write("image/four_components.jpg", jpeg(8, 8, 4, b"\x00"))
    write("image/no_scan.jpg", jpeg(8, 8, 1, b""))
    write("image/huge.jpg", jpeg(65500, 65500, 3, b"\x03"))
    write("image/truncated.jpg", jpeg(8, 8, 1, b"\x3f")[:60])
    write("image/neither", b"GIF89a")


def write_quantity():
    write("quantity/watts", b"12.3 W\n")
    write("quantity/number", b"4.5e1\n")
    write("quantity/milliwatts", b" 450mW ")
    write("quantity/watt_hours", b"0.5 kWh")
    write("quantity/not_available", b"N/A")
    write("quantity/infinite", b"1e308 MJ")
    write("quantity/negative", b"-0 J")


def write_cifar():
    image = bytes(range(256)) * 12
    write("cifar/cifar10", b"\x09" + image)
    write("cifar/cifar100", b"\x13\x63" + image)
    write("cifar/label_out_of_range", b"\xff" + image)
    write("cifar/truncated", b"\x00" + image[:100])
    write("cifar/empty", b"")


def checkpoint_state():
    usage = {"seconds": 1.5, "joules": 0.0}
    spent = {"learning_samples": 300, "learning_work": 300.0, "scoring_forward_samples": 0, "evaluation_samples": 210,
             "measuring_samples": 16, "score": usage, "select": usage, "train": usage, "evaluate": usage, "other": usage,
             "paused_seconds": 0.0, "is_metered": False}
    warm_up = {"phase": "score", "epoch": 1, "step": 7, "samples": 150, "running_loss": 1.25,
               "spent": spent, "learning_rate": 0.0, "spent_flops": 0.0,
               "evaluation": {"kept": None, "train": None, "test": None},
               "is_evaluated_late": False}
    means = {"loss": 0.5, "accuracy": 0.75}
    epoch = warm_up | {"phase": "train", "learning_rate": 0.25, "spent_flops": 1e9,
                       "evaluation": {"kept": means, "train": means,
                                      "test": {"loss": 0.75, "accuracy": 0.25}}}
    limits = {"seconds": 60.0, "joules": 0.0,
              "harvest": [{"from_seconds": 0.0, "watts": 2.5}]}
    decision = {"sequence": 1, "is_pause": False, "phase": "train", "epoch": 1, "step": 0,
                "batch": 0, "pass_ended": False, "spent": usage, "per_step": usage, "steps_left": 10, "progress": 0.0,
                "evaluates": True, "why": "training begins", "limits": limits}
    budget = {"mean_seconds": 0.125, "since_seconds": 0.5, "steps_since": 4,
              "largest_seconds": 0.25, "faded": usage, "forward_seconds_per_sample": 0.0,
              "forward_steps_since": 0, "forward_first_seconds": 0.0,
              "forward_is_confirmed": False, "horizon_from": 0, "horizon_position": 0.0,
              "horizon_steps": 0, "is_stretched": False, "evaluates": True, "next_decision": 5,
              "pass_end": 0, "pass_has_ended": False, "limits": limits, "decisions": [decision],
              "replayed_log": "", "replayed_hash": "", "num_replayed": 0}
    return {"format_version": 8, "version": "0.1.0", "sequence": 3, "goal": "done",
            "phase": "train", "epoch": 1, "batch": 2, "step": 12, "pass_loss_sum": 20.5,
            "pass_samples": 32, "expected_epochs": 20, "learning_rate": 0.25, "warmup_iterations": 7,
            "num_samples": 150, "dataset_hash": "abc", "test_hash": "",
            "engine": {"simd_target": "AVX2", "precision": "f32", "threads": 2,
                       "micro_batch_size": 0},
            "configuration": "def", "label_noise": {"share": 0.2, "standard_error": 0.01},
            "metrics": [warm_up, epoch], "stored": None, "spent": spent, "budget": budget,
            "num_batches_tracked": 12, "optimizer_step": 12}


def write_checkpoint_state():
    def write_state(name, **changes):
        text = json.dumps(checkpoint_state() | changes, separators=(",", ":"))
        write(f"checkpoint_state/{name}", text.encode())

    write_state("training")
    write_state("scoring", phase="score", metrics=[], label_noise=None)
    write_state("stored", stored={"bytes": 27554, "hash": "abc", "jpeg_quality": 24})
    write_state("another_version", format_version=3)
    write_state("negative", step=-1)
    write_state("too_large", epoch=2**32)
    write_state("text_for_metrics", metrics="{}\n")
    write_state("no_samples", num_samples=0)
    write_state("null_for_a_number", learning_rate=None)
    write("checkpoint_state/truncated", json.dumps(checkpoint_state()).encode()[:500])
    write("checkpoint_state/deep", b"[" * 50 + b"]" * 50)


def write_budget_file():
    write("budget_file/limits.toml", b"seconds = 900\njoules = 2e2\n")
    write("budget_file/harvest.toml", b"joules = 5\nharvest = [[0, 2.5], [3600, 0.0]]\n")
    write("budget_file/empty.toml", b"# nothing yet\n")
    write("budget_file/unknown_key.toml", b"second = 900\n")
    write("budget_file/negative.toml", b"seconds = -1\n")
    write("budget_file/infinite.toml", b"joules = inf\n")
    write("budget_file/descending.toml", b"harvest = [[60, 1], [0, 2]]\n")
    write("budget_file/triple.toml", b"harvest = [[0, 1, 2], \"a\"]\n")
    write("budget_file/deep_key.toml", b".".join([b"a"] * 5000) + b" = 1\n")
    write("budget_file/deep_list.toml", b"harvest = " + b"[" * 5000 + b"]" * 5000 + b"\n")
    write("budget_file/behind_quotes.toml", b'a = ["""x"""", {' + b".".join([b"a"] * 99) + b" = 1}]\n")


def write_device_list():
    gate = (b'[[device]]\nname = "gate"\nprofile = "raspberry-pi-5"\nnum_samples = 5000\n'
            b'seconds = 600\njoules = 4e3\nbytes = "20MB"\n')
    yard = b"[[device]]\nname = 'yard'\nprofile = 'own.toml'\nnum_samples = 200\nbytes = 1e6\n"
    write("device_list/two.toml", gate + yard)
    write("device_list/inline.toml",
          b"device = [{name = 'a', profile = 'laptop', num_samples = 1}]\n")
    write("device_list/twice.toml", yard + yard)
    write("device_list/empty.toml", b"")
    write("device_list/missing.toml", b"[[device]]\nname = 'a'\n")
    write("device_list/no_list.toml", b"device = 3\n")
    write("device_list/unknown_key.toml", yard + b"second = 3\n")
    write("device_list/out_of_range.toml", yard.replace(b"200", b"-3"))
    write("device_list/deep_header.toml", b"[" + b".".join([b"a"] * 5000) + b"]\nx = 1\n")
    write("device_list/deep_table.toml", b"device = " + b"{a=" * 5000 + b"1" + b"}" * 5000 + b"\n")


def write_comparison():
    write("comparison/minimal.toml", b'[compare]\nstrategies = ["top"]\n')
    write("comparison/all.toml",
          b'[train]\nepochs = 2\n\n[compare]\nstrategies = [\n  "top:el2n:proportional",\n]\n'
          b'keep_ratios = [0.1, "0.50"]\nseeds = [1, 7]\nmatch = "cost"\n'
          b'[[compare.settings]]\nname = "few"\ntrain_limit = 500\nmodel.network = "mlp"\n'
          b'\n[prune]\nkeep_ratio = 0.4\n')
    write("comparison/inline.toml",
          b'compare = {strategies = ["random"], settings = ["train.epochs=1"], seeds = 2}\n')
    write("comparison/unknown_strategy.toml", b'[compare]\nstrategies = ["ranodm"]\n')
    write("comparison/unknown_field.toml",
          b'[compare]\nstrategies = ["top"]\nsettings = [{name = "a", patience = 5}]\n')
    write("comparison/many_seeds.toml", b'[compare]\nstrategies = ["top"]\nseeds = 1000000\n')
    write("comparison/no_section.toml", b"[train]\nepochs = 2\n")
    write("comparison/dates.toml",
          b'[compare]\nstrategies = ["top"]\nsettings = [{name = "a", data.path = 2026-11-25}]\n')
    write("comparison/deep_key.toml", b"compare." + b".".join([b"a"] * 5000) + b" = 1\n")


def container(head, rest):
    text = json.dumps(head).encode()
    return b"edgepack" + struct.pack("<I", len(text)) + text + rest


def write_container():
    head = {"format_version": 1, "code": "bytes", "height": 1, "width": 1, "channels": 2,
            "jpeg_quality": 0, "minimum": [], "step": [], "classes": ["a", "b"], "num_samples": 2,
            "shared_bytes": [0], "index_bytes": 8, "source_hash": ""}
    rest = bytes([0, 0, 0, 2, 5, 1, 0, 2, 10, 20, 30, 40])
    write("container/bytes", container(head, rest))
    write("container/cut", container(head, rest[:-1]))
    write("container/scaled", container({**head, "code": "scaled", "minimum": [0.5, -1],
                                         "step": [0.25, 2]}, rest))
    write("container/floats", container({**head, "code": "floats", "channels": 1, "index_bytes": 4,
                                         "num_samples": 1}, bytes([3, 1, 0, 4, 0, 0, 128, 63])))
    image = (CORPUS / "image/grey.jpg").read_bytes()
    write("container/image", container({**head, "code": "images", "channels": 1, "num_samples": 1,
                                        "height": 3, "width": 4, "shared_bytes": [0, 20],
                                        "index_bytes": 5},
                                       image[:20] + bytes([0, 1, 1, 0x80 | (len(image) - 20) % 128,
                                                           (len(image) - 20) // 128]) + image[20:]))
    write("container/huge_shape", container({**head, "height": 65536, "width": 65536}, rest))
    write("container/many_samples", container({**head, "num_samples": 4294967295}, rest))


write_idx()
write_gzip()
write_npy()
write_safetensors()
write_json()
write_printable()
write_png()
write_jpeg()
write_container()
write_cifar()
write_quantity()
write_checkpoint_state()
write_budget_file()
write_device_list()
write_comparison()
