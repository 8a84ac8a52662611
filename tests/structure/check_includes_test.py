#!/usr/bin/env python3
"""scripts/check-includes on small trees with one fault each."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "scripts/check-includes"
TREE = {
    "docs/architecture.md": "| module | may use | outside libraries |\n|---|---|---|\n| low | | |\n"
                            "| top | low | |\n| apps/edgeprune | all | |\n",
    "include/edgeprune/low/a.h": "#include <vector>\n",
    "src/low/a.cc": '#include "edgeprune/low/a.h"\n#include "b.h"\n#include <fmt/core.h>\n',
    "src/low/b.h": "",
    "src/low/CMakeLists.txt": "edgeprune_module(low SOURCES a.cc)\n",
    "include/edgeprune/top/c.h": '#include "edgeprune/low/a.h"\n',
    "src/top/CMakeLists.txt": "edgeprune_module(top SOURCES c.cc USES low)\n",
    "apps/edgeprune/main.cc": '#include "edgeprune/top/c.h"\n',
}


def check(changes):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (TREE | changes).items():
            path = pathlib.Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        done = subprocess.run([sys.executable, SCRIPT, folder], capture_output=True, text=True)
    return done.returncode, done.stdout.splitlines()


def table(*rows):
    return {"docs/architecture.md": "| module | may use | outside libraries |\n|---|---|---|\n"
            + "".join(f"| {row} | |\n" for row in rows) + "| apps/edgeprune | all | |\n"}


class CheckIncludes(unittest.TestCase):
    def test_a_tree_in_order_has_no_faults(self):
        self.assertEqual(check({}), (0, []))

    def test_a_cycle_is_told_as_a_path(self):
        back = {"src/low/b.h": '#include "d.h"\n', "src/low/d.h": '#include "edgeprune/low/a.h"\n'}
        self.assertEqual(check(back), (1, ["low has a cycle of includes: a -> b -> d -> a"]))

    def test_a_file_that_includes_itself_is_no_cycle(self):
        self.assertEqual(check({"src/low/b.h": '#include "b-inl.h"\n',
                                "src/low/b-inl.h": '#include "b.h"\n'}), (0, []))

    def test_an_include_against_the_table(self):
        self.assertEqual(
            check({"src/low/a.cc": '#include "edgeprune/top/c.h"\n'}),
            (1, ["src/low/a.cc includes edgeprune/top/c.h: the row of low does not name top"]))

    def test_a_hidden_module_in_a_public_header(self):
        self.assertEqual(
            check(table("low |", "top | low (hidden)")
                  | {"src/top/CMakeLists.txt": "edgeprune_module(top SOURCES c.cc HIDES low)\n"}),
            (1, ["include/edgeprune/top/c.h includes edgeprune/low/a.h: the row of top hides low"]))

    def test_a_library_in_a_public_header(self):
        self.assertEqual(check({"include/edgeprune/low/a.h": "#include <fmt/core.h>\n"}),
                         (1, ["include/edgeprune/low/a.h includes fmt/core.h: "
                              "a public header includes no outside library"]))

    def test_a_build_that_differs_from_the_table(self):
        self.assertEqual(
            check({"src/top/CMakeLists.txt": "edgeprune_module(top SOURCES c.cc)\n"}),
            (1, ["src/top/CMakeLists.txt USES nothing, docs/architecture.md low"]))

    def test_folders_and_rows_are_the_same(self):
        self.assertEqual(check(table("low |", "top | low", "void |")),
                         (1, ["void: a row of docs/architecture.md without a folder"]))
        self.assertEqual(check({"src/new/e.cc": ""}),
                         (1, ["new: a folder without a row in docs/architecture.md"]))


if __name__ == "__main__":
    unittest.main()
