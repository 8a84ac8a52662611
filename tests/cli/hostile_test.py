"""Files and names that want to do harm: brackets without end, and characters that terminals obey.

    python3 tests/cli/hostile_test.py PATH/TO/edgeprune
"""
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import small_data

EDGEPRUNE = ""
DEPTH = 200000
# ESC, CR, BEL, a C1 control, a right-to-left override, a zero-width space and a byte order mark.
NASTY = "a\x1b[31m\r\x07\x9b31m\u202eb\u200b\ufeff"
SHOWN = "a\\x1b[31m\\x0d\\x07\\x9b31m\\u202eb"
# The same as TOML and JSON write it.
WRITTEN = json.dumps(NASTY)


def safetensors(header, data=b""):
    return struct.pack("<Q", len(header)) + header + data


def deep_toml():
    dots = b".".join([b"a"] * DEPTH)
    quoted = b".".join([b'"a"'] * 3000)
    return [b"a = " + b"[" * DEPTH + b"]" * DEPTH + b"\n", b"[" + dots + b"]\nx=1\n", dots + b" = 1\n",
            b"a = " + b"{a=" * DEPTH + b"1" + b"}" * DEPTH + b"\n", b"[[" + dots + b"]]\nx=1\n",
            quoted + b" = 1\n", b"[[" + quoted + b"]]\n", b"a = [" + b"{a=[" * 3000 + b"\n",
            b"a = [\n" + b"[\n" * DEPTH + b"]\n" * DEPTH + b"]\n",
            b'a = """\n""""\n' + b"a.b." * 3000 + b"c = 1\n"]


def deep_json():
    return [b"[" * DEPTH + b"]" * DEPTH, b'{"a":' * DEPTH + b"1" + b"}" * DEPTH,
            b'{"cells":' + b"[" * DEPTH + b"]" * DEPTH + b"}", b"[" * DEPTH,
            b'{"dataset":' + b'{"dataset":' * DEPTH, b'[{"a":' * DEPTH]


def deep_safetensors():
    lists = b"[" * DEPTH + b"]" * DEPTH
    return [safetensors(header) for header in [
        b'{"a":' + lists + b"}", b'{"a":' + b'{"b":' * DEPTH + b"1" + b"}" * DEPTH + b"}",
        b'{"a":{"dtype":"F32","shape":' + lists + b',"data_offsets":[0,0]}}',
        b'{"__metadata__":' + lists + b"}", b"[" * DEPTH]]


def edgeprune(*arguments):
    return subprocess.run([EDGEPRUNE, *map(os.fsencode, map(str, arguments))], capture_output=True)


def png(width, height, pixels):
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(
            ">I", zlib.crc32(kind + content))
    rows = b"".join(b"\0" + pixels[y * width:(y + 1) * width] for y in range(height))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


class Hostile(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.temporary.name)
        small_data.write_split(self.folder, "train", 120)
        small_data.write_split(self.folder, "test", 40)
        self.run_directory = self.folder / "run"
        self.config = small_data.write_config(self.folder, self.run_directory, epochs=1)

    def tearDown(self):
        self.temporary.cleanup()

    def assert_inert(self, result):
        """Whatever was printed, a terminal shows it and obeys none of it."""
        for said in (result.stdout, result.stderr):
            for character in said.decode("utf-8"):
                self.assertTrue(character in "\n\t" or character.isprintable(), ascii(said))

    def assert_refused(self, codes, *arguments, parts=()):
        result = edgeprune(*arguments)
        self.assertIn(result.returncode, codes, (arguments, result.stderr[:500]))
        self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr[:500])
        self.assertLess(len(result.stderr), 1500)
        for part in parts:
            self.assertIn(part, result.stderr.decode())
        self.assert_inert(result)

    def written(self, name, content):
        path = self.folder / name
        path.write_bytes(content)
        return path

    def run_whole(self, *overrides):
        arguments = [word for text in overrides for word in ("--set", text)]
        result = edgeprune("run", self.config, "--set", "model.network=mlp", *arguments, "--force")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assert_inert(result)
        return result


class Brackets(Hostile):
    def test_without_end_in_toml(self):
        for content in deep_toml():
            deep = self.written("deep.toml", content)
            self.assert_refused([3], "run", deep)
            self.assert_refused([3], "compare", deep, "--output", self.folder / "out")
            self.assert_refused([3], "inspect", deep)
            for field in ["model.network", "device.profile"]:
                self.assert_refused([3], "run", self.config, "--force", "--set", f"{field}={deep}")
            # What a budget's file cannot say leaves in force what was said before.
            result = self.run_whole(f"budget.file={deep}")
            self.assertIn(b"note: budget.file: ", result.stderr)
            self.assert_refused([3], "plan", self.config, "--profile", deep)
            curve = self.written("comparison.csv", b"setting,strategy,keep_ratio,test_accuracy\n"
                                 b"configured,top,0.5,0.9\nconfigured,top,1,0.95\n")
            self.assert_refused([3], "plan", self.config, "--profile", "laptop", "--curve", curve,
                                "--lambda-seconds", "1e-6", "--devices", deep)
            value = content.decode()[4:1000].strip()
            self.assert_refused([2, 3], "run", self.config, "--set", "train.epochs=" + value)

    def test_without_end_in_model_files(self):
        for content in deep_safetensors():
            deep = self.written("deep.safetensors", content)
            self.assert_refused([4], "run", self.config, "--force", "--set", f"model.init={deep}",
                                parts=["deep.safetensors", "copy the file again"])

    def test_without_end_in_the_newest_checkpoint(self):
        self.run_whole()
        whole = self.folder / "whole"
        shutil.copytree(self.run_directory, whole)
        for content in deep_safetensors():
            for checkpoint in ["checkpoint-a.safetensors", "checkpoint-b.safetensors"]:
                shutil.rmtree(self.run_directory)
                shutil.copytree(whole, self.run_directory)
                (self.run_directory / checkpoint).write_bytes(content)
                result = edgeprune("resume", self.run_directory)
                self.assertEqual(result.returncode, 0, result.stderr[:500])
                self.assertIn(b"skipped a corrupt checkpoint", result.stderr)
                self.assertEqual((whole / "model.safetensors").read_bytes(),
                                 (self.run_directory / "model.safetensors").read_bytes())
            for checkpoint in ["checkpoint-a.safetensors", "checkpoint-b.safetensors"]:
                (self.run_directory / checkpoint).write_bytes(content)
            self.assert_refused([7], "resume", self.run_directory, "--quiet")

    def test_without_end_in_json(self):
        self.run_whole("run.controls=[\"full\"]")
        whole = self.folder / "whole"
        shutil.copytree(self.run_directory, whole)
        for content in deep_json():
            deep = self.written("deep.json", content)
            self.assert_refused([4], "plan", self.config, "--profile", "laptop", "--curve", deep,
                                "--lambda-seconds", "1e-6", parts=["deep.json", "give the"])
            log = self.written("deep.jsonl", content + b"\n")
            self.assert_refused([4], "run", self.config, "--force", "--set", f"budget.replay={log}",
                                parts=["deep.jsonl:1", "budget.replay"])
            for name in ["plan.json", "summary.json", "scores.json", "selection.json",
                         "controls.json"]:
                shutil.rmtree(self.run_directory)
                shutil.copytree(whole, self.run_directory)
                (self.run_directory / name).write_bytes(content)
                for arguments in [["inspect", self.run_directory],
                                  ["resume", self.run_directory, "--quiet"],
                                  ["export", "--run-dir", self.run_directory, "--output",
                                   self.folder / "exported.npy"],
                                  ["select", "--scores", self.run_directory / "scores.npy",
                                   "--keep-ratio", "0.5", "--output", self.folder / "selected"]]:
                    result = edgeprune(*arguments)
                    self.assertIn(result.returncode, [0, 2, 4, 5, 7], (name, result.stderr[:500]))
                    self.assert_inert(result)

    def test_without_end_in_a_cell_of_a_comparison(self):
        comparison = self.written("comparison.toml", self.config.read_bytes() + b'[model]\n'
                                  b'network = "mlp"\n[compare]\nstrategies = ["top"]\nseeds = 1\n')
        output = self.folder / "out"
        result = edgeprune("compare", comparison, "--output", output)
        self.assertEqual(result.returncode, 0, result.stderr)
        cell = sorted(output.glob("cells/**/summary.json"))[0]
        for content in deep_json():
            cell.write_bytes(content)
            result = edgeprune("compare", comparison, "--output", output, "--quiet")
            self.assertEqual(result.returncode, 7, result.stderr[:500])
            self.assertIn(b"summary.json", result.stderr)


class Characters(Hostile):
    def test_in_classes_and_files(self):
        nasty = NASTY.encode() + b"\xff"
        for split in ["train", "test"]:
            for label in [b"cat", nasty]:
                folder = os.fsencode(self.folder / split) + b"/" + label
                os.makedirs(folder)
                for number in range(6):
                    with open(folder + b"/%d" % number + nasty + b".png", "wb") as file:
                        file.write(png(4, 4, bytes((number * 7 + i) % 256 for i in range(16))))
        data = [word for text in ["data.format=folder", f"data.path={self.folder / 'train'}",
                                  f"data.test_path={self.folder / 'test'}", "data.images=",
                                  "data.labels=", "data.test_images=", "data.test_labels=",
                                  "model.network=mlp", "train.batch_size=4",
                                  "prune.keep_ratio=0.1"]
                for word in ("--set", text)]
        result = edgeprune("run", self.config, *data)
        self.assert_inert(result)
        result = edgeprune("export", "--run-dir", self.run_directory, "--format", "folder",
                           "--output", self.folder / "exported")
        self.assert_inert(result)
        with open(os.fsencode(self.folder / "train") + b"/" + nasty + b"/0" + nasty + b".png", "wb") as file:
            file.write(b"\x89PNG damaged")
        result = edgeprune("run", self.config, *data, "--force")
        self.assertEqual(result.returncode, 4, result.stderr)
        self.assert_inert(result)

    def test_in_settings_and_their_report(self):
        comparison = self.written("comparison.toml", self.config.read_bytes() + (
            '[model]\nnetwork = "mlp"\n[compare]\nstrategies = ["top"]\nseeds = 1\nsettings = ['
            f'{{name = {json.dumps("<b>" + NASTY)}, train.epochs = 1}}]\n').encode())
        output = self.folder / "out"
        for options in [[], ["--json"]]:
            result = edgeprune("compare", comparison, "--output", output, *options)
            self.assert_inert(result)
            if result.returncode != 0:
                self.assertEqual(result.returncode, 3, result.stderr)  # a name that none may have
                return
        report = (output / "report.html").read_text()
        self.assertNotIn("<b>a", report)
        for character in NASTY:
            self.assertTrue(character.isprintable() or character not in report, ascii(character))
        json.loads((output / "comparison.json").read_text(encoding="utf-8"))

    def test_in_devices(self):
        devices = self.written("devices.toml", f'[[device]]\nname = {WRITTEN}\nprofile = "laptop"\n'
                               'num_samples = 100\nseconds = 1e6\n'.encode())
        curve = self.written("comparison.csv", b"setting,strategy,keep_ratio,test_accuracy\n"
                             b"configured,top,0.1,0.8\nconfigured,top,0.3,0.85\n"
                             b"configured,top,0.5,0.9\nconfigured,top,1,0.95\n")
        for options in [[], ["--json"], ["--html", self.folder / "plan.html"]]:
            result = edgeprune("plan", self.config, "--profile", "laptop", "--curve", curve,
                               "--lambda-seconds", "1e-6", "--devices", devices,
                               "--set", "model.network=cnn", *options)
            self.assert_inert(result)
        nasty = self.folder / ("profile" + NASTY + ".toml")
        result = edgeprune("plan", self.config, "--profile", nasty)
        self.assertEqual(result.returncode, 5, result.stderr)
        self.assert_inert(result)
        profile = edgeprune("plan", self.config, "--profile",
                            self.written("profile.toml", f"name = {WRITTEN}\n{WRITTEN} = 1\n".encode()))
        self.assert_inert(profile)

    def test_in_layers(self):
        network = self.written("own.toml", (
            f'[[layer]]\ntype = "convolution"\nname = {WRITTEN}\nout_channels = 4\nkernel = 3\n'
            '[[layer]]\ntype = "global_average_pool"\n[[layer]]\ntype = "linear"\nname = "fc"\n'
        ).encode())
        for options in [[], ["--json"]]:
            self.assert_inert(edgeprune("inspect", network, *options))
        self.assert_inert(edgeprune("run", self.config, "--set", f"model.network={network}"))

    def test_in_tensors(self):
        name = json.dumps(NASTY)
        for dtype in ["F32", "F16" + NASTY]:
            header = ('{%s:{"dtype":%s,"shape":[1],"data_offsets":[0,4]}}' %
                      (name, json.dumps(dtype))).encode()
            model = self.written("m.safetensors", safetensors(header, bytes(4)))
            self.assert_refused([4], "run", self.config, "--force", "--set", f"model.init={model}")
        self.run_whole()
        header, data = self.parts(self.run_directory / "model.safetensors")
        entries = json.loads(header)
        entries[NASTY] = {"dtype": "F32", "shape": [0], "data_offsets": [len(data), len(data)]}
        model = self.written("m.safetensors", safetensors(json.dumps(entries).encode(), data))
        self.assert_refused([4], "run", self.config, "--force", "--set", "model.network=mlp",
                            "--set", f"model.init={model}", parts=[SHOWN])

    def parts(self, path):
        content = path.read_bytes()
        length, = struct.unpack("<Q", content[:8])
        return content[8:8 + length], content[8 + length:]

    def test_in_what_is_typed(self):
        for arguments in [["run", NASTY + ".toml"], [NASTY], ["run", "--" + NASTY],
                          ["run", self.config, "--set", f"train.epochs={NASTY}"],
                          ["run", self.config, "--set", NASTY],
                          ["run", self.config, "--set", f"{NASTY}=1"],
                          ["run", self.config, "--set", f"train.optimizer={NASTY}"],
                          ["run", self.config, "--set", f"prune.strategy={NASTY}"],
                          ["run", self.config, "--set", f"data.images={NASTY}"],
                          ["run", self.config, "--set", f"energy.command={NASTY}"],
                          ["resume", NASTY], ["inspect", NASTY], ["strategies", NASTY],
                          ["compare", NASTY, "--output", NASTY],
                          ["select", "--scores", NASTY, "--keep-ratio", NASTY, "--output", NASTY],
                          ["plan", "--lambda-seconds", NASTY], ["plan", "--profile", NASTY],
                          ["inspect", "mlp", "--input", NASTY]]:
            result = edgeprune(*arguments)
            self.assert_inert(result)
            self.assertNotEqual(result.returncode, 1, result.stderr)
        result = edgeprune("run", self.config, "--run-dir", self.folder / ("run" + NASTY + "\nkept"))
        self.assert_inert(result)

    def test_in_what_a_meter_says(self):
        meter = self.written("meter", f"{NASTY}\n".encode())
        self.assert_inert(edgeprune("run", self.config, "--set", "energy.meter=file",
                                    "--set", f"energy.file={meter}"))
        self.assert_inert(edgeprune("run", self.config, "--force", "--set", "energy.meter=command",
                                    "--set", f"energy.command=cat {meter}"))


class Numbers(Hostile):
    def test_beyond_all_name_their_field(self):
        digits = "9" * 309
        for value in [digits, "-" + digits, "1e400", "inf", "nan", "0xZZ"]:
            self.assert_refused([3], "run", self.config, "--set", f"train.learning_rate={value}",
                                parts=["train.learning_rate"])
        toml = self.written("big.toml", f"[train]\nepochs = {digits}\n".encode())
        self.assert_refused([3], "run", toml, parts=["big.toml:2", "epochs"])

    def test_of_options_are_told_in_a_few_digits(self):
        for value in ["-1", "nan", "inf", "many"]:
            self.assert_refused([2], "plan", "--lambda-seconds", value, parts=["not in [0, "])

    def test_that_are_none_in_a_model_are_named(self):
        self.run_whole()
        model = self.run_directory / "model.safetensors"
        content = bytearray(model.read_bytes())
        content[-4:] = struct.pack("<f", float("nan"))
        bad = self.written("nan.safetensors", bytes(content))
        self.assert_refused([4], "run", self.config, "--force", "--set", "model.network=mlp",
                            "--set", f"model.init={bad}",
                            parts=["nan.safetensors", "tensor '", "holds nan at index"])


if __name__ == "__main__":
    EDGEPRUNE = sys.argv.pop(1)
    unittest.main()
