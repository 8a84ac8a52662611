"""The command line as a user meets it: exit codes, messages, signals, kill -9, a full disk.

    python3 tests/cli/cli_test.py PATH/TO/edgeprune
"""
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import small_data

EDGEPRUNE = ""
OUTPUTS = ["scores.npy", "selection.npy", "model.safetensors"]


def edgeprune(*arguments, **options):
    return subprocess.run([EDGEPRUNE, *map(str, arguments)], capture_output=True, text=True, **options)


def begin(*arguments, ignored=()):
    """Starts the program; it hears Ctrl-C even where the tests run in the background."""
    def set_signals():
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        for number in ignored:
            signal.signal(number, signal.SIG_IGN)
    return subprocess.Popen([EDGEPRUNE, *map(str, arguments)], stderr=subprocess.PIPE, text=True,
                            stdout=subprocess.DEVNULL, preexec_fn=set_signals)


def wait_for(process, text):
    """Reads what the program says up to a line with the text."""
    said = ""
    for line in process.stderr:
        if text in line:
            return line
        said += line
    raise AssertionError(f"ended without {text!r}: {said}")


def timeless(run):
    """metrics.jsonl without what the clock said."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    for line in lines:
        line.pop("time")
    return lines


class CommandLine(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.temporary.name)
        small_data.write_split(self.folder, "train", 200)
        small_data.write_split(self.folder, "test", 60)
        self.config = small_data.write_config(self.folder, self.folder / "run")

    def tearDown(self):
        self.temporary.cleanup()

    def assert_fails(self, code, parts, *arguments):
        result = edgeprune(*arguments)
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertEqual(len(result.stderr.strip().splitlines()), 1, result.stderr)
        for part in parts:
            self.assertIn(part, result.stderr)

    def assert_same_run(self, a, b):
        for name in OUTPUTS:
            self.assertEqual((a / name).read_bytes(), (b / name).read_bytes(), name)
        self.assertEqual(timeless(a), timeless(b))


class Usage(CommandLine):
    def test_run_prints_the_account_and_exits_with_0(self):
        result = edgeprune("run", self.config)
        self.assertEqual(result.returncode, 0, result.stderr)
        for part in ["kept 100 of 200", "cost ratio: 0.500", "accuracy: test"]:
            self.assertIn(part, result.stdout)

    def test_progress_is_plain_lines_where_there_is_no_terminal(self):
        result = edgeprune("run", self.config)
        self.assertIn("epoch   4 of 4", result.stderr)
        self.assertNotIn("\r", result.stderr)
        self.assertEqual(edgeprune("run", self.config, "--force", "--quiet").stderr, "")

    def test_json_is_one_document_on_standard_output(self):
        rows = json.loads(edgeprune("run", self.config, "--json", "--quiet").stdout)
        self.assertEqual(rows[0]["strategy"], "top")
        self.assertEqual(rows[0]["num_kept"], 100)

    def test_controls_make_one_table(self):
        result = edgeprune("run", self.config, "--controls", "full,random,random_scratch,short")
        for name in ["top", "full", "random", "random_scratch", "short"]:
            self.assertRegex(result.stdout, rf"(?m)^{name} ")
        self.assertTrue((self.folder / "run/controls.json").exists())

    def test_a_run_directory_must_have_a_name_that_its_config_can_hold(self):
        odd = os.fsencode(self.folder) + b"/ba\xffd"
        result = edgeprune("run", self.config, "--run-dir", os.fsdecode(odd))
        self.assertEqual(result.returncode, 3, result.stderr)
        self.assertIn("run.directory", result.stderr)
        self.assertFalse(os.path.exists(odd))

    def test_force_replaces_a_run_only_by_one_that_can_begin(self):
        run = self.folder / "run"
        self.assertEqual(edgeprune("run", self.config).returncode, 0)
        before = {path.name: path.read_bytes() for path in run.iterdir() if path.is_file()}
        for wrong in ["prune.strategy=nonsense", "model.network=nope", "device.profile=nope",
                      "data.images=/nowhere.npy", "model.init=/nowhere.safetensors",
                      "prune.keep_ratio=0.001", "limits.memory_bytes=1",
                      f"model.init={run / 'model.safetensors'}",
                      "budget.replay=/nowhere.jsonl",
                      f"budget.replay={run / 'decisions.jsonl'}"]:
            result = edgeprune("run", self.config, "--force", "--set", wrong)
            self.assertIn(result.returncode, [3, 5], wrong)
        self.assert_fails(3, ["nonsense"], "run", self.config, "--force", "--controls", "nonsense")
        (run / "controls/mine").mkdir(parents=True)
        (run / "controls/mine/precious").write_text("mine")
        self.assert_fails(7, ["precious"], "run", self.config, "--force")
        for name, content in before.items():
            self.assertEqual((run / name).read_bytes(), content, name)
        (run / "controls/mine/precious").unlink()
        self.assertEqual(edgeprune("run", self.config, "--force").returncode, 0)

    def test_a_folder_with_files_of_ones_own_is_not_taken(self):
        mine = self.folder / "mine"
        mine.mkdir()
        (mine / "config.toml").write_text("# my notes\n" + self.config.read_text())
        (mine / "network.toml").write_text("# my network\n")
        before = {path.name: path.read_bytes() for path in mine.iterdir()}
        for arguments in [["run", mine / "config.toml"], ["run", self.config],
                          ["run", self.config, "--force"], ["score", self.config, "--force"],
                          ["resume"]]:
            directory = [mine, "--set", "budget.seconds=9"] if arguments == ["resume"] else [
                "--run-dir", mine]
            self.assert_fails(7, ["config.toml", "not replaced"], *arguments, *directory)
        selected = self.folder / "selected"
        selected.mkdir()
        (selected / "selection.npy").write_bytes(b"mine")
        numpy_scores = self.folder / "run/scores.npy"
        self.assertEqual(edgeprune("score", self.config).returncode, 0)
        self.assert_fails(7, ["selection.npy", "not replaced"], "select", "--scores", numpy_scores,
                          "--column", "loss", "--keep-ratio", "0.1", "--output", selected)
        self.assertEqual((selected / "selection.npy").read_bytes(), b"mine")
        self.assert_fails(2, ["--html", "not replaced"], "plan", self.config, "--profile",
                          "raspberry-pi-4", "--html", self.config)
        after = {path.name: path.read_bytes() for path in mine.iterdir()}
        self.assertEqual(after, before)

    def test_a_file_that_may_not_grow_is_an_error_like_a_full_disk(self):
        failed = edgeprune("run", self.config, "-q", preexec_fn=limit_file_size)
        self.assertEqual(failed.returncode, 5, failed.stderr)
        self.assertIn("ulimit -f", failed.stderr)

    def test_a_second_process_leaves_the_first_ones_run_alone(self):
        process = begin("run", self.config, "--set", "train.epochs=500")
        try:
            wait_for(process, "epoch")
            before = (self.folder / "run/config.toml").read_bytes()
            for force in [[], ["--force"]]:
                self.assert_fails(7, ["in use"], "run", self.config, "--set", "run.seed=2", *force)
            self.assertEqual((self.folder / "run/config.toml").read_bytes(), before)
        finally:  # before the folder is removed
            process.kill()
            process.communicate()

    def write_comparison(self):
        path = self.folder / "compare.toml"
        path.write_text(self.config.read_text() + "[compare]\nstrategies = ['top']\n"
                        "keep_ratios = [0.2, 0.5]\nseeds = 2\n")
        return path

    def test_compare_prints_tables_and_a_verdict_and_goes_on_where_it_was(self):
        comparison, output = self.write_comparison(), self.folder / "comparison"
        result = edgeprune("compare", comparison, "--output", output, "--set", "train.epochs=1")
        self.assertEqual(result.returncode, 0, result.stderr)
        for part in ["- random_scratch", "fwd+bwd samples", "differences were tested",
                     "Storage-bound", "report.html"]:
            self.assertIn(part, result.stdout)
        self.assertRegex(result.stderr, r"(?m)^cell  18 of 18 .*top .* keep 0.5 .* seed 2  test ")
        self.assertIn("Chart.js", (output / "report.html").read_text())
        self.assertEqual(len((output / "comparison.csv").read_text().splitlines()), 1 + 18)
        again = edgeprune("compare", comparison, "--output", output, "--set", "train.epochs=1",
                          "--json")
        self.assertEqual(again.stdout, (output / "comparison.json").read_text())
        self.assertIn("18 of them complete already", again.stderr)
        self.assertNotIn("cell ", again.stderr)

    def test_compare_refuses_wrong_comparisons_and_foreign_directories(self):
        comparison = self.write_comparison()
        self.assert_fails(3, ["[compare]"], "compare", self.config, "--output", self.folder / "a")
        self.assert_fails(3, ["kept", "cost"], "compare", comparison, "--output", self.folder / "a",
                          "--match", "time")
        self.assert_fails(7, ["--output"], "compare", comparison, "--output", self.folder)
        self.assertEqual(edgeprune("compare", comparison).returncode, 2)

    def test_wrong_calls_exit_with_2(self):
        self.assert_fails(2, ["--no-such-flag", "edgeprune run --help"], "run", "--no-such-flag")
        self.assert_fails(2, ["edgeprune --help"])
        self.assert_fails(2, ["rnu", "edgeprune --help"], "rnu")
        self.assert_fails(2, ["r\\x0anu"], "r\nnu")
        self.assert_fails(2, ["--seconds", "nan"], "calibrate", self.config, "--seconds", "nan")
        self.assert_fails(2, ["--output", "empty"], "compare", self.config, "--output", "")
        self.assert_fails(2, ["--seed", "-1"], "select", "--scores", "scores.npy", "--seed", "-1")
        for before in [[], [self.config]]:
            self.assert_fails(2, ["run.seed=2", "write --set before each"], "run", *before, "--set",
                              "train.epochs=1", "run.seed=2")
        self.assert_fails(2, ["--run-dir", "--scores"], "select")
        for call in [["resume", "nowhere"], ["resume", "nowhere", "--set", "budget.seconds=9"],
                     ["select", "--run-dir", "nowhere"]]:
            self.assert_fails(7, ["nowhere", "not a run directory"], *call)
        self.assert_fails(2, ["--selection"], "train", self.config)

    def test_wrong_configuration_exits_with_3_and_suggests_the_nearest_key(self):
        self.assert_fails(3, ["train.epochs"], "run", self.config, "--set", "train.epohcs=3")
        self.assert_fails(3, ["(0, 1]"], "run", self.config, "--set", "prune.keep_ratio=1.4")
        self.assert_fails(3, ["ranodm", "random"], "run", self.config, "--set",
                          "prune.strategy=ranodm")

    def test_unusable_data_exits_with_4_and_missing_files_with_5(self):
        (self.folder / "train-labels.npy").write_bytes(b"not npy")
        self.assert_fails(4, ["train-labels.npy", "numpy.save"], "run", self.config)
        self.assert_fails(5, ["missing.npy"], "run", self.config, "--force", "--set",
                          f"data.images={self.folder / 'missing.npy'}")

    def test_a_loss_that_is_not_finite_exits_with_6(self):
        self.assert_fails(6, ["train.learning_rate"], "run", self.config, "--quiet", "--set",
                          "train.optimizer=sgd", "--set", "train.learning_rate=1e30")

    def test_an_existing_run_exits_with_7_and_is_left_alone(self):
        edgeprune("run", self.config)
        before = (self.folder / "run/summary.json").read_bytes()
        self.assert_fails(7, ["--force", "resume"], "run", self.config)
        self.assertEqual((self.folder / "run/summary.json").read_bytes(), before)

    def test_an_error_ends_in_what_to_do_on_the_command_line(self):
        run, scored = self.folder / "run", self.folder / "scored"
        self.assert_fails(3, ["run.directory is empty", "; give --run-dir DIR"], "run", self.config,
                          "--set", "run.directory=")
        edgeprune("run", self.config, "-q", "--set", "score.columns=[\"el2n\"]")
        self.assert_fails(7, [f"`edgeprune resume {run}`", "--force", "--run-dir"], "run", self.config)
        self.assert_fails(4, ["el2n", "name one of them with --column"], "select", "--scores",
                          run / "scores.npy", "--keep-ratio", "0.5", "--output", self.folder / "s")
        self.assert_fails(3, ["run.seed=2", "start another run, with --run-dir DIR"], "resume", run,
                          "--set", "run.seed=2")
        for name in ["checkpoint-a.safetensors", "checkpoint-b.safetensors"]:
            (run / name).write_bytes(b"x")
        self.assert_fails(7, ["no checkpoint can be read", "begin the run again with --force"],
                          "resume", run)
        edgeprune("score", self.config, "-q", "--run-dir", scored)
        self.assert_fails(3, ["did not gather", "--set 'score.columns=[\"el2n\"]' --run-dir DIR"],
                          "select", "--run-dir", scored, "--set", "prune.score=el2n")

    def test_an_export_replaces_what_a_killed_one_left(self):
        run, pair = self.folder / "run", self.folder / "pair"
        edgeprune("run", self.config, "-q")
        (self.folder / "pair.edgeprune-partial").mkdir()
        (self.folder / "pair.edgeprune-partial/half").write_bytes(b"half")
        exported = edgeprune("export", run, "--format", "npy", "--output", pair)
        self.assertEqual(exported.returncode, 0, exported.stderr)
        self.assertEqual(sorted(path.name for path in pair.iterdir()), ["images.npy", "labels.npy"])
        self.assertFalse((self.folder / "pair.edgeprune-partial").exists())

    def test_strategies_prints_both_tables_in_100_columns(self):
        result = edgeprune("strategies")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertLessEqual(max(map(len, result.stdout.splitlines())), 100)
        for name in ["top", "stratified", "rs2", "file", "loss", "el2n", "dual"]:
            self.assertRegex(result.stdout, rf"(?m)^{name}  ")

    def test_strategies_prints_every_field_as_json(self):
        catalogue = json.loads(edgeprune("strategies", "--json").stdout)
        strategies = {strategy["name"]: strategy for strategy in catalogue["strategies"]}
        self.assertEqual(strategies["beta"]["other_column"], "confidence")
        self.assertEqual(strategies["rs2"]["chooses"], "each epoch")
        self.assertIn("aum", [score["name"] for score in catalogue["scores"]])
        self.assertEqual(json.loads(edgeprune("strategies", "beta", "--json").stdout),
                         strategies["beta"])

    def test_strategies_prints_one_in_full_and_the_page(self):
        beta = edgeprune("strategies", "beta").stdout
        for part in ["beta: ", "BetaPDF", "Cho et al.", "dual", "confidence"]:
            self.assertIn(part, beta)
        page = pathlib.Path(__file__).parents[2] / "docs/strategies.md"
        self.assertEqual(edgeprune("strategies", "--markdown").stdout, page.read_text())
        self.assert_fails(3, ["startified", "did you mean stratified?"], "strategies", "startified")
        self.assertEqual(edgeprune("strategies", "beta", "--markdown").returncode, 2)

    def test_inspect_tells_what_a_network_costs(self):
        result = edgeprune("inspect", "cnn", "--input", "28x28x1", "--batch-size", 2, "--optimizer",
                           "sgd", "--json")
        self.assertEqual(result.returncode, 0, result.stderr)
        report = json.loads(result.stdout)
        self.assertEqual(report["parameters"], 94186)
        self.assertEqual(report["bytes"]["optimizer"], 4 * 94186)
        self.assertEqual(report["layers"][0]["inputs"], [[28, 28, 1]])
        self.assertEqual(report["layers"][0]["output"], [28, 28, 32])
        self.assertIn("94,186", edgeprune("inspect", "cnn", "--input", "28x28x1").stdout)

    def test_inspect_tells_what_muon_adds_to_a_step(self):
        text = edgeprune("inspect", "cnn", "--optimizer", "muon", "--batch-size", 32).stdout
        self.assertIn("Muon         141,955,794 FLOPs an update: 6.9 % of a step of 32", text)
        self.assertNotIn("Muon", edgeprune("inspect", "cnn").stdout)
        report = json.loads(edgeprune("inspect", "cnn", "--optimizer", "muon", "--json").stdout)
        self.assertEqual(report["update_flops"], 141955794)

    def test_inspect_predicts_the_engines_memory(self):
        def engine(*options):
            result = edgeprune("inspect", "mobilenet_v2", "--batch-size", 8, "--json", *options)
            self.assertEqual(result.returncode, 0, result.stderr)
            return json.loads(result.stdout)["engine_bytes"]

        one = engine("--threads", 1)
        self.assertLess(one["recompute"]["arena"], one["keep"]["arena"])
        two = engine("--threads", 2)
        self.assertEqual(two["keep"]["arena"], one["keep"]["arena"])
        self.assertGreater(two["keep"]["scratch"], one["keep"]["scratch"])
        for precision in ["bf16", "bf16_storage"]:
            narrow = engine("--threads", 1, "--precision", precision)
            self.assertLess(narrow["keep"]["arena"], 0.51 * one["keep"]["arena"])
        table = edgeprune("inspect", "mobilenet_v2", "--threads", 1).stdout
        self.assertIn("recompute", table)
        self.assertIn("1 thread\n", table)

    def test_inspect_counts_activations_as_the_precision_stores_them(self):
        def activations(precision):
            result = edgeprune("inspect", "cnn", "--precision", precision, "--json")
            return [layer["activation_bytes"] for layer in json.loads(result.stdout)["layers"]]

        wide = activations("f32")
        narrow = activations("bf16_storage")
        self.assertEqual(narrow[:-2], [n // 2 for n in wide[:-2]])
        self.assertEqual(narrow[-2:], wide[-2:])  # the average and the logits

    def test_a_run_in_bf16_storage_says_so(self):
        result = edgeprune("run", self.config, "--set", "train.precision=bf16_storage")
        self.assertEqual(result.returncode, 0, result.stderr)
        for file in ["plan.json", "summary.json"]:
            written = json.loads((self.folder / "run" / file).read_text())
            self.assertEqual(written["engine"]["precision"], "bf16_storage")
        self.assert_fails(3, ["train.precision", "bf16_storage"], "run", self.config, "--force",
                          "--set", "train.precision=bf16_store")

    def test_inspect_takes_network_files_configurations_and_runs(self):
        own = self.folder / "own.toml"
        own.write_text("[[layer]]\ntype = 'linear'\nname = 'fc'\n")
        edgeprune("run", self.config, "--set", f"model.network={own}")
        for model in [self.config, self.folder / "run", self.folder / "run/model.safetensors"]:
            report = json.loads(edgeprune("inspect", model, "--json").stdout)
            self.assertEqual((report["input"]["height"], report["classes"]), (8, 4))
        self.assertEqual(report["parameters"], 64 * 4 + 4)
        report = json.loads(edgeprune("inspect", own, "--input", "1x5x2", "--classes", 3,
                                      "--json").stdout)
        self.assertEqual(report["parameters"], 10 * 3 + 3)
        self.assert_fails(3, ["cnm", "cnn"], "inspect", "cnm")
        self.assert_fails(2, ["--input", "32x32x3"], "inspect", "cnn", "--input", "28x28")
        self.assert_fails(2, ["65536"], "inspect", "cnn", "--input", "99999999x99999999x3")
        self.assert_fails(3, ["model.stem"], "inspect", "resnet18", "--stem", "large")

    def test_the_stages_one_by_one_equal_the_whole(self):
        edgeprune("run", self.config)
        staged = self.folder / "staged"
        for arguments in [("score", self.config, "--run-dir", staged),
                          ("select", "--run-dir", staged), ("train", "--run-dir", staged)]:
            result = edgeprune(*arguments)
            self.assertEqual(result.returncode, 0, result.stderr)
        self.assert_same_run(self.folder / "run", staged)

    def test_scores_from_elsewhere_are_selected_from(self):
        import struct
        small_data.write_npy(self.folder / "s.npy", "<f4", (4,), struct.pack("<4f", 1, 4, 2, 3))
        out = self.folder / "chosen"
        result = edgeprune("select", "--scores", self.folder / "s.npy", "--keep-ratio", "0.5",
                           "--output", out)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual((out / "selection.npy").read_bytes()[-8:], struct.pack("<2I", 1, 3))
        trained = edgeprune("train", self.config, "--selection", out / "selection.npy")
        self.assertIn("kept 2 of 200", trained.stdout)
        self.assert_fails(2, ["of its own"], "select", "--scores", self.folder / "s.npy",
                          "--keep-ratio", "0.5", "--output", self.folder / "run")

    def test_a_run_that_stored_everything_is_selected_from(self):
        run = self.folder / "all"
        result = edgeprune("run", self.config, "--run-dir", run, "--set", "prune.strategy=short")
        self.assertEqual(result.returncode, 0, result.stderr)
        out = self.folder / "after"
        after = ["select", "--after", run, "--strategy", "top", "--keep-ratio", "0.1"]
        result = edgeprune(*after, "--output", out)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("kept 20 of 200", result.stdout)
        trained = edgeprune("train", self.config, "--selection", out / "selection.npy", "--run-dir",
                            self.folder / "on-it")
        self.assertEqual(trained.returncode, 0, trained.stderr)
        self.assert_fails(2, ["--after also needs"], *after)
        self.assert_fails(2, ["--after goes with"], *after, "--output", out, "--seed", "3")
        self.assertEqual(edgeprune("run", self.config).returncode, 0)
        self.assert_fails(7, ["kept samples alone"], "select", "--after", self.folder / "run",
                          "--strategy", "top", "--keep-ratio", "0.1", "--output", out)

    def test_a_limit_nothing_keeps_within_exits_with_3(self):
        self.assert_fails(3, ["limits.memory_bytes is 1000000", "at least"], "run", self.config,
                          "--set", "limits.memory_bytes=1MB")

    def test_kept_samples_are_exported_in_three_ways(self):
        edgeprune("run", self.config)
        run = self.folder / "run"
        edgeprune("export", run, "--output", self.folder / "kept.npy")
        self.assertEqual((self.folder / "kept.npy").read_bytes(), (run / "selection.npy").read_bytes())
        edgeprune("export", run, "--format", "npy", "--output", self.folder / "pair")
        self.assertTrue((self.folder / "pair/images.npy").exists())
        edgeprune("export", run, "--format", "folder", "--output", self.folder / "folder")
        self.assertEqual(len(list((self.folder / "folder").glob("*/*.png"))), 100)

    def test_a_container_holds_what_was_kept_and_is_trained_on(self):
        edgeprune("run", self.config)
        kept = self.folder / "originals.edgeprune"
        exported = edgeprune("export", self.folder / "run", "--format", "container", "--output", kept)
        self.assertEqual(exported.returncode, 0, exported.stderr)
        self.assertEqual(kept.read_bytes()[:8], b"edgepack")
        plain = ["--set", "data.test_images=", "--set", "data.test_labels="]
        again = edgeprune("run", self.config, "--set", "data.format=container", "--set",
                          f"data.path={kept}", *plain, "--run-dir", self.folder / "again")
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertIn("kept 50 of 100 samples", again.stdout)
        kept.write_bytes(kept.read_bytes()[:-40])
        self.assert_fails(4, ["originals.edgeprune: not a whole container", "restore it"], "run",
                          self.config, "--set", "data.format=container", "--set",
                          f"data.path={kept}", *plain, "--run-dir", self.folder / "damaged")

    def test_what_a_run_re_encoded_is_exported_as_it_was_trained_on(self):
        ran = edgeprune("run", self.config, "--set", "prune.store=reencoded", "--set",
                        "prune.keep_bytes=0.5", "--set", "prune.strategy=random")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertRegex(ran.stderr, r"kept.edgeprune: \d+ samples at JPEG quality \d+ in .* of the "
                                     r".* that all 200 originals take in one file")
        run = self.folder / "run"
        stored = self.folder / "stored.edgeprune"
        edgeprune("export", run, "--format", "container", "--as", "trained", "--output", stored)
        self.assertEqual(stored.read_bytes(), (run / "kept.edgeprune").read_bytes())
        for form in ("trained", "originals"):
            edgeprune("export", run, "--format", "npy", "--as", form, "--output", self.folder / form)
        trained, originals = ((self.folder / form / "images.npy").read_bytes()
                              for form in ("trained", "originals"))
        self.assertEqual(len(trained), len(originals))
        self.assertNotEqual(trained, originals)
        (run / "kept.edgeprune").write_bytes(self.container_of_another_run())
        self.assert_fails(7, ["kept.edgeprune", "other samples", "resume the run"], "export", run,
                          "--format", "npy", "--as", "trained", "--output", self.folder / "mixed")

    def container_of_another_run(self):
        other = self.folder / "other"
        edgeprune("run", self.config, "--set", "run.seed=5", "--set", "prune.strategy=random", "--set",
                  "prune.store=reencoded", "--run-dir", other)
        return (other / "kept.edgeprune").read_bytes()

    def test_relative_data_paths_hold_wherever_a_run_is_continued(self):
        text = self.config.read_text().replace(f"{self.folder}/t", "t")
        self.config.write_text(text)
        scored = edgeprune("score", self.config, cwd=self.folder)
        self.assertEqual(scored.returncode, 0, scored.stderr)
        trained = edgeprune("train", "--run-dir", self.folder / "run", cwd="/")
        self.assertEqual(trained.returncode, 0, trained.stderr)

    def test_a_relative_device_profile_holds_wherever_a_run_is_continued(self):
        profile = self.folder / "here.toml"
        calibrated = edgeprune("calibrate", self.config, "--output", profile, "--seconds", "0.1")
        self.assertEqual(calibrated.returncode, 0, calibrated.stderr)
        scored = edgeprune("score", self.config, "--set", "device.profile=here.toml",
                           cwd=self.folder)
        self.assertEqual(scored.returncode, 0, scored.stderr)
        trained = edgeprune("train", "--run-dir", self.folder / "run", cwd="/")
        self.assertEqual(trained.returncode, 0, trained.stderr)

    def test_lost_messages_do_not_stop_a_run_but_lost_results_are_an_error(self):
        with open("/dev/full", "w") as full:
            quiet = subprocess.run([EDGEPRUNE, "run", self.config], stderr=full, stdout=subprocess.PIPE)
            self.assertEqual(quiet.returncode, 0)
            lost = subprocess.run([EDGEPRUNE, "config"], stdout=full, stderr=subprocess.PIPE, text=True)
            self.assertEqual(lost.returncode, 5, lost.stderr)
            self.assertIn("standard output", lost.stderr)

    def test_export_writes_over_nothing_and_knows_its_data(self):
        edgeprune("run", self.config)
        run, images = self.folder / "run", self.folder / "train-images.npy"
        before = images.read_bytes()
        self.assert_fails(2, ["exists already"], "export", run, "--output", images)
        self.assertEqual(images.read_bytes(), before)
        kept = run / "selection.npy"
        selection = kept.read_bytes()
        kept.write_bytes(selection[:-4] + bytes([selection[-4] ^ 1]) + selection[-3:])
        self.assert_fails(7, ["selection.npy", "selection.json"], "export", run, "--output",
                          self.folder / "kept.npy")
        kept.write_bytes(selection)
        images.write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
        self.assert_fails(7, ["data set has changed"], "export", run, "--output",
                          self.folder / "kept.npy")

    def test_a_batch_larger_than_the_data_is_one_batch(self):
        result = edgeprune("run", self.config, "--set", "train.batch_size=4294967295")
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_doctor_names_the_simd_target_and_the_data(self):
        report = json.loads(edgeprune("doctor", "--json").stdout)
        self.assertIn(report["simd_target"], report["simd_targets_available"])
        self.assertIsInstance(report["bf16_available"], bool)
        self.assertIn("Fashion-MNIST", report["data"][0]["what"])
        waiting = report["waiting"]
        self.assertLess(0, waiting["shortest_spin_seconds"])
        self.assertLess(waiting["shortest_spin_seconds"], waiting["longest_spin_seconds"])
        self.assertLess(waiting["longest_spin_seconds"], 0.01)


class Planning(CommandLine):
    def setUp(self):
        super().setUp()
        self.profile = self.folder / "profile.toml"

    def calibrate(self, *arguments):
        result = edgeprune("calibrate", self.config, "--output", self.profile, "--seconds", "0.1",
                           *arguments)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result

    def plan(self, *arguments):
        result = edgeprune("plan", self.config, "--profile", self.profile, *arguments)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result

    def test_calibrate_writes_a_profile_that_plan_reads(self):
        measured = json.loads(self.calibrate("--name", "here", "--json", "-q").stdout)
        self.assertGreater(measured["timing"]["step_seconds_per_sample"], 0)
        plan = json.loads(self.plan("--json", "--keep-ratios", "0.1,1").stdout)
        self.assertEqual(plan["device"], "here")
        self.assertEqual([row["num_kept"] for row in plan["rows"]], [20, 200])
        self.assertEqual(plan["rows"][0]["time_from"], "timing")
        self.assertEqual(list(self.folder.glob(".calibrate*")), [])

    def test_calibrate_reads_the_power_of_a_meter(self):
        (self.folder / "watts").write_text("12 W\n")
        self.calibrate("--set", f"energy.file={self.folder / 'watts'}")
        row = json.loads(self.plan("--json", "--keep-ratios", "1").stdout)["rows"][0]["train"]
        self.assertAlmostEqual(row["joules"] / row["seconds"], 12, delta=0.1)

    def test_calibrate_writes_over_nothing_unless_it_is_told_to(self):
        self.calibrate()
        before = self.profile.read_text()
        self.assert_fails(2, ["--add", "--force"], "calibrate", self.config, "--output",
                          self.profile)
        self.assertEqual(self.profile.read_text(), before)
        self.calibrate("--add", "--set", "train.batch_size=8")
        self.assertEqual(self.profile.read_text().count("[[timing]]"), 2)
        self.calibrate("--force")
        self.assertEqual(self.profile.read_text().count("[[timing]]"), 1)
        notes = self.folder / "notes.toml"
        notes.write_text("# mine\n")
        self.assert_fails(2, ["no device profile"], "calibrate", self.config, "--force", "--output",
                          notes)
        self.assertEqual(notes.read_text(), "# mine\n")

    def test_plan_without_a_profile_says_how_to_get_one(self):
        self.assert_fails(3, ["edgeprune calibrate", "raspberry-pi-5"], "plan", self.config)
        self.assertIn("raspberry-pi-5", edgeprune("plan", "--list-profiles").stdout)

    def test_plan_says_what_fits_the_budgets_and_draws_it(self):
        page = self.folder / "plan.html"
        result = edgeprune("plan", self.config, "--profile", "raspberry-pi-5", "--set",
                           "budget.bytes=5kB", "--html", page)
        for part in ["budget.bytes", "binds", "All numbers are predicted", "over bytes"]:
            self.assertIn(part, result.stdout)
        self.assertIn("Chart.js", page.read_text())
        self.assert_fails(3, ["budget.joules", "the minimum is"], "plan", self.config,
                          "--profile", "raspberry-pi-5", "--set", "budget.joules=1e-9")

    def test_plan_recommends_by_a_pilot_and_goes_on_with_it(self):
        self.calibrate()
        call = ["--pilot", "--pilot-dir", self.folder / "pilot", "--lambda-seconds", "0.001"]
        first = self.plan(*call)
        self.assertIn("recommended", first.stdout)
        self.assertIn("(predicted)", first.stderr)
        self.assertIn("(measured)", first.stderr)
        self.assertEqual(self.plan(*call).stdout, first.stdout)
        self.assertEqual(len(list((self.folder / "pilot").iterdir())), 3)

    def test_a_lambda_needs_a_curve_and_a_curve_a_lambda(self):
        self.assert_fails(2, ["--curve", "--pilot"], "plan", self.config, "--lambda-joules", "1")
        self.assert_fails(2, ["--lambda-seconds"], "plan", self.config, "--pilot")


class Memory(CommandLine):
    def test_the_peak_of_memory_is_near_its_prediction(self):
        for way in ["keep", "recompute"]:
            result = edgeprune("run", self.config, "--force", "--set", f"train.memory={way}")
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertIn("memory: ", result.stderr)
            memory = json.loads((self.folder / "run/summary.json").read_text())["memory"]
            predicted = memory["predicted"]["peak_resident_bytes"]
            measured = memory["measured"]["peak_resident_bytes"]
            self.assertLess(abs(measured - predicted), 0.1 * predicted + 60e6)


class Interruptions(CommandLine):
    def test_a_stopped_comparison_is_continued_by_the_same_command(self):
        comparison = self.folder / "compare.toml"
        comparison.write_text(self.config.read_text() + "[compare]\nstrategies = ['top']\n"
                              "keep_ratios = [0.5]\nseeds = 2\n")
        one_thread = ["--set", "run.threads=1"]
        call = ["compare", comparison, *one_thread, "--output", self.folder / "stopped"]
        process = subprocess.Popen([EDGEPRUNE, *map(str, call)], stderr=subprocess.PIPE, text=True,
                                   stdout=subprocess.DEVNULL)
        for line in process.stderr:
            if line.startswith("cell   2"):
                break
        process.send_signal(signal.SIGTERM)
        rest = process.stderr.read()
        process.stderr.close()
        self.assertEqual(process.wait(), 130, rest)
        self.assertIn("same command", rest)
        self.assertEqual(edgeprune(*call).returncode, 0)
        edgeprune("compare", comparison, *one_thread, "--output", self.folder / "whole")

        def cells(name):
            lines = (self.folder / name / "comparison.csv").read_text().splitlines()
            seconds = lines[0].split(",").index("seconds")
            return [[v for i, v in enumerate(line.split(",")) if i != seconds] for line in lines]

        self.assertEqual(cells("stopped"), cells("whole"))

    def test_ctrl_c_leaves_a_resumable_run_and_exits_with_130(self):
        reference = edgeprune("run", self.config)
        self.assertEqual(reference.returncode, 0)
        config = small_data.write_config(self.folder, self.folder / "stopped")
        process = begin("run", config)
        wait_for(process, "epoch")
        process.send_signal(signal.SIGINT)
        stderr = process.communicate()[1]
        self.assertEqual(process.returncode, 130, stderr)
        self.assertIn("edgeprune resume", stderr)
        self.assertEqual(edgeprune("resume", self.folder / "stopped").returncode, 0)
        self.assert_same_run(self.folder / "run", self.folder / "stopped")

    def test_a_run_under_nohup_outlives_its_terminal(self):
        process = begin("run", self.config, ignored=[signal.SIGHUP])
        wait_for(process, "epoch")
        process.send_signal(signal.SIGHUP)
        rest = process.communicate()[1]
        self.assertEqual(process.returncode, 0, rest)

    def test_closed_streams_take_nothing_meant_for_files(self):
        self.assertEqual(edgeprune("run", self.config).returncode, 0)
        config = small_data.write_config(self.folder, self.folder / "closed")
        command = 'exec "$0" run "$1" <&- >&- 2>&-'
        result = subprocess.run(["sh", "-c", command, EDGEPRUNE, str(config)])
        self.assertEqual(result.returncode, 5)  # where the result could not be printed
        self.assert_same_run(self.folder / "run", self.folder / "closed")

    def run_and_kill(self, run, delay):
        """Starts a run and kills it after the delay, sooner if it was too quick; then resumes it."""
        config = small_data.write_config(self.folder, run)
        while True:
            process = subprocess.Popen([EDGEPRUNE, "run", config, "-q", "--force"],
                                       stdout=subprocess.DEVNULL)
            time.sleep(delay)
            process.kill()
            if process.wait() == -signal.SIGKILL:
                break
            delay *= 0.7
        if not (run / "config.toml").exists():  # killed before the run directory was there
            return edgeprune("run", config)
        return edgeprune("resume", run)

    def test_kill_9_at_20_random_moments_changes_no_bit(self):
        start = time.monotonic()
        self.assertEqual(edgeprune("run", self.config).returncode, 0)
        duration = time.monotonic() - start
        draw = random.Random(9)
        for moment in range(20):
            run = self.folder / f"killed{moment}"
            result = self.run_and_kill(run, draw.uniform(0.02, 0.95) * duration)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assert_same_run(self.folder / "run", run)


class Commands(CommandLine):
    """energy.command, of a configuration and of a run directory from someone else."""
    def setUp(self):
        super().setUp()
        self.mark, self.run_directory = self.folder / "mark", self.folder / "run"
        self.command = f"touch '{self.mark}'; echo 5 W"
        with self.config.open("a") as config:
            config.write(f'[energy]\ncommand = "{self.command}"\n')

    def has_run(self):
        was_there = self.mark.exists()
        self.mark.unlink(missing_ok=True)
        return was_there

    def assert_named(self, *arguments):
        result = edgeprune(*arguments)
        self.assertEqual(result.returncode, 0, result.stderr)
        lines = [line for line in result.stderr.splitlines() if self.command in line]
        self.assertEqual(len(lines), 1, result.stderr)
        self.assertTrue(self.has_run())

    def assert_refused(self, *arguments):
        self.assert_fails(3, ["energy.command", self.command, "energy.meter=none",
                              "--no-commands"], *arguments, "--no-commands")
        self.assertFalse(self.has_run())

    def test_a_command_is_named_before_it_runs_also_when_quiet(self):
        self.assert_named("score", self.config, "-q")
        self.assert_named("select", "--run-dir", self.run_directory, "-q")
        self.assert_named("train", "--run-dir", self.run_directory, "-q")

    def test_a_finished_run_runs_no_command(self):
        first = edgeprune("run", self.config, "-q")
        self.assertTrue(self.has_run())
        again = edgeprune("resume", self.run_directory, "--no-commands")
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertNotIn(self.command, again.stderr)
        self.assertFalse(self.has_run())
        self.assertIn("joules: score", first.stdout)
        self.assertIn("joules: score", again.stdout)

    def test_no_commands_refuses_what_would_run_one(self):
        self.assert_refused("run", self.config)
        self.assertFalse(self.run_directory.exists())
        self.assert_refused("score", self.config)
        self.assert_refused("calibrate", self.config, "--output", self.folder / "profile.toml")
        self.assert_refused("train", self.config, "--selection", self.folder / "none.npy")
        edgeprune("score", self.config, "-q")
        self.assertTrue(self.has_run())
        self.assert_refused("select", "--run-dir", self.run_directory)
        self.assert_refused("train", "--run-dir", self.run_directory)
        self.assert_refused("resume", self.run_directory)
        self.assert_refused("plan", self.config, "--profile", "raspberry-pi-5", "--pilot",
                            "--pilot-dir", self.folder / "pilot", "--lambda-seconds", "1", "-q")
        compare = self.folder / "compare.toml"
        compare.write_text(self.config.read_text() +
                           '[compare]\nstrategies = ["top"]\nseeds = [1]\n')
        self.assert_refused("compare", compare, "--output", self.folder / "comparison", "-q")

    def test_another_meter_goes_with_no_commands(self):
        result = edgeprune("run", self.config, "--no-commands", "--set", "energy.meter=none")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertFalse(self.has_run())


class Budgets(CommandLine):
    """Budgets, pauses and their signals. Which steps a budget leaves is for simulated devices."""

    def setUp(self):
        super().setUp()
        self.whole = small_data.write_config(self.folder, self.folder / "whole", epochs=20)
        self.assertEqual(edgeprune("run", self.whole, "-q").returncode, 0)
        self.config = small_data.write_config(self.folder, self.folder / "run", epochs=20)

    def assert_same_bits(self, run):
        for name in OUTPUTS:
            self.assertEqual((self.folder / "whole" / name).read_bytes(), (run / name).read_bytes(),
                             name)

    def decisions(self, run):
        lines = (run / "decisions.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def start_and_pause(self, *arguments):
        """A run that was asked to pause in its first epochs, and the first line after that."""
        process = begin("run", self.config, *arguments)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.kill)
        wait_for(process, "epoch")
        process.send_signal(signal.SIGUSR1)
        for line in process.stderr:
            if "epoch" not in line:
                return process, line
        self.fail("the run ended without a pause")

    def test_a_run_whose_directory_is_moved_fails_and_writes_nowhere_else(self):
        process, _ = self.start_and_pause("--set", "train.epochs=8")
        (self.folder / "run").rename(self.folder / "moved")
        self.assertEqual(edgeprune("run", self.config).returncode, 0)
        before = (self.folder / "run/model.safetensors").read_bytes()
        process.send_signal(signal.SIGUSR2)
        said = process.stderr.read().splitlines()
        self.assertEqual(process.wait(60), 7, said)
        self.assertIn("moved", said[-1])
        self.assertEqual((self.folder / "run/model.safetensors").read_bytes(), before)
        self.assertTrue((self.folder / "moved/summary.json").exists())

    def test_too_small_a_budget_exits_with_8_and_goes_on_with_what_the_message_names(self):
        run = self.folder / "run"
        self.assert_fails(8, ["budget.seconds is 0.001", "at least", f"edgeprune resume {run}"],
                          "run", self.config, "-q", "--set", "budget.seconds=0.001")
        self.assert_fails(8, ["budget.seconds is 0.002"], "resume", run, "-q", "--set",
                          "budget.seconds=0.002")
        resumed = edgeprune("resume", run, "-q", "--set", "budget.seconds=1e6")
        self.assertEqual(resumed.returncode, 0, resumed.stderr)
        self.assert_same_bits(run)

    def test_a_pause_that_stops_exits_with_9_and_goes_on_with_the_same_bits(self):
        hour = time.localtime().tm_hour
        later = f"{(hour + 3) % 24:02}:00-{(hour + 4) % 24:02}:00"
        run = self.folder / "run"
        self.assert_fails(9, ["outside " + later, f"edgeprune resume {run}"], "run", self.config,
                          "-q", "--set", f"pause.allowed_hours={later}", "--set", "pause.stops=true")
        self.assertEqual([line["kind"] for line in self.decisions(run)], ["pause"])
        self.assert_fails(9, ["outside " + later], "resume", run, "-q")
        resumed = edgeprune("resume", run, "-q", "--set", "pause.allowed_hours=")
        self.assertEqual(resumed.returncode, 0, resumed.stderr)
        self.assert_same_bits(run)

    def test_sigusr1_pauses_and_sigusr2_goes_on_with_the_same_bits(self):
        process, line = self.start_and_pause()
        self.assertIn("paused: it was asked to", line)
        before = (self.folder / "run/metrics.jsonl").read_text()
        time.sleep(1.5)  # longer than a run takes, and than it waits between two looks
        self.assertEqual((self.folder / "run/metrics.jsonl").read_text(), before)
        process.send_signal(signal.SIGUSR2)
        self.assertIn("resumed", process.stderr.readline())
        process.stderr.read()
        self.assertEqual(process.wait(), 0)
        self.assert_same_bits(self.folder / "run")
        seconds = json.loads((self.folder / "run/summary.json").read_text())["seconds"]
        self.assertGreaterEqual(seconds["paused"], 1)

    def test_a_paused_run_that_is_killed_or_interrupted_is_resumed_with_the_same_bits(self):
        for number, code in [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)]:
            process, _ = self.start_and_pause("--force")
            process.send_signal(number)
            process.stderr.read()
            self.assertEqual(process.wait(), code)
            self.assertEqual(edgeprune("resume", self.folder / "run", "-q").returncode, 0)
            self.assert_same_bits(self.folder / "run")

    def test_sigusr1_ends_a_run_that_stops_instead_of_waiting(self):
        process, line = self.start_and_pause("--set", "pause.stops=true")
        self.assertIn("SIGUSR1", line)
        self.assertEqual(process.wait(), 9)
        self.assertEqual(edgeprune("resume", self.folder / "run", "-q").returncode, 0)
        self.assert_same_bits(self.folder / "run")


class FullDisk(CommandLine):
    """On a file system of its own, with room for the first checkpoints but not for the whole run."""

    def setUp(self):
        super().setUp()
        self.disk = self.folder / "disk"
        self.disk.mkdir()

    def tearDown(self):
        subprocess.run(["umount", self.disk], capture_output=True)
        super().tearDown()

    def mount(self, *options):
        command = ["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", str(self.disk)]
        return subprocess.run(command, capture_output=True).returncode == 0

    def test_a_full_disk_is_a_clear_error_and_resumes_once_there_is_room(self):
        self.assertEqual(edgeprune("run", self.config).returncode, 0)
        config = small_data.write_config(self.folder, self.disk / "run")
        if self.mount("size=2600k"):
            failed = edgeprune("run", config, "-q")
        else:  # not allowed to mount: a limit on file size says "too large" instead of "full"
            failed = edgeprune("run", config, "-q", preexec_fn=limit_file_size)
        self.assertEqual(failed.returncode, 5, failed.stderr)
        self.assertIn("free some space", failed.stderr)
        self.assertEqual(list((self.disk / "run").glob("*.tmp")), [])
        self.mount("remount", "size=32m")
        resumed = edgeprune("resume", self.disk / "run")
        self.assertEqual(resumed.returncode, 0, resumed.stderr)
        self.assert_same_run(self.folder / "run", self.disk / "run")

    def test_an_export_that_does_not_fit_leaves_nothing(self):
        self.assertEqual(edgeprune("run", self.config).returncode, 0)
        if not self.mount("size=4k"):
            self.skipTest("not allowed to mount")
        for form in ["folder", "npy"]:
            self.assert_fails(5, ["free some space"], "export", self.folder / "run", "--format",
                              form, "--output", self.disk / "kept")
            self.assertEqual(list(self.disk.iterdir()), [])
        self.mount("remount", "size=32m")
        done = edgeprune("export", self.folder / "run", "--format", "folder", "--output",
                         self.disk / "kept")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([path.name for path in self.disk.iterdir()], ["kept"])


def limit_file_size():
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))


if __name__ == "__main__":
    EDGEPRUNE = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
