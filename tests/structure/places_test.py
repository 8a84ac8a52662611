#!/usr/bin/env python3
"""How many files of code name one score, strategy, operation or data format: CONTRIBUTING.md's list of
places to touch is these, and no more."""
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
KINDS = (".cc", ".h", "CMakeLists.txt")


def files_with(pattern, *folders):
    expression = re.compile(pattern)
    found = set()
    for folder in folders:
        for path in (ROOT / folder).rglob("*"):
            if path.name.endswith(KINDS) and expression.search(path.read_text()):
                found.add(str(path.relative_to(ROOT)))
    return found


class Places(unittest.TestCase):
    def test_a_score_is_its_page_its_declaration_and_its_row(self):
        self.assertEqual(
            files_with(r"\b(make_)?grand\b", "src", "include", "apps"),
            {"src/score/grand.cc", "src/score/factories.h", "src/score/scores.cc"})

    def test_a_strategy_is_its_page_its_declaration_and_its_row(self):
        self.assertEqual(
            files_with(r"\b(select_)?k_center\b", "src", "include", "apps"),
            {"src/select/k_center.cc", "include/edgeprune/select/selectors.h",
             "src/select/strategies.cc"})

    def test_a_parameter_is_on_its_page_and_among_the_fields(self):
        self.assertEqual(
            files_with(r"\bhard_cutoff\b", "src", "include", "apps"),
            {"src/select/stratified.cc", "src/select/strategies.cc",
             "include/edgeprune/config/config.h", "src/config/method_fields.cc"})

    def test_an_operation_without_parameters_is_eight_files(self):
        built_from_it = {"src/nn/networks.cc"}
        self.assertEqual(
            files_with(r"(?i)max_?pool", "src", "include", "apps") - built_from_it,
            {"include/edgeprune/nn/network.h", "src/nn/network.cc",
             "include/edgeprune/kernels/pooling.h", "src/kernels/pooling.cc",
             "src/nn/engine/pixel_steps.h", "src/nn/engine/pixel_steps.cc",
             "src/nn/engine/compile.cc", "src/config/network_file.cc"})

    def test_a_data_format_is_five_files(self):
        self.assertEqual(
            files_with(r"(?i)\b(read_)?cifar(10)?\b", "src/data", "src/config", "src/run",
                       "include/edgeprune/data"),
            {"include/edgeprune/data/readers.h", "src/data/cifar.cc",
             "include/edgeprune/data/source.h", "src/data/source.cc",
             "src/config/source_fields.cc"})

    def test_scores_and_selections_name_no_field_of_a_configuration(self):
        keys = re.findall(r"\.key = \"([a-z]+\.[a-z_0-9]+)\"",
                          "".join(p.read_text() for p in (ROOT / "src/config").glob("*_fields.cc")))
        self.assertIn("prune.score", keys)
        pattern = "|".join(re.escape(key) for key in keys)
        self.assertEqual(files_with(rf"\b({pattern})\b(?!\()", "src/score", "src/select",
                                    "include/edgeprune/score", "include/edgeprune/select"), set())

    def test_the_list_of_places_names_files_that_there_are(self):
        text = (ROOT / "CONTRIBUTING.md").read_text()
        table = text[text.index("## Where to add things"):text.index("## Style")]
        for path in re.findall(r"`((?:src|include|tests|docs|scripts|apps)/[^`]*)`", table):
            if "NAME" in path or "*" in path:
                continue
            self.assertTrue((ROOT / path).exists(), path)


if __name__ == "__main__":
    unittest.main()
