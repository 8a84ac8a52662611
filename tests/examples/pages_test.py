#!/usr/bin/env python3
"""README shows an example as it stands in its file, and examples stay short."""

import pathlib
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"


class Pages(unittest.TestCase):
    def test_readme_shows_the_example_as_it_is(self):
        code = (EXAMPLES / "select_from_scores.cc").read_text()
        self.assertIn(f"```cpp\n{code}```\n", (ROOT / "README.md").read_text())

    def test_examples_are_under_60_lines(self):
        for path in sorted(EXAMPLES.glob("*.cc")):
            self.assertLess(len(path.read_text().splitlines()), 60, path.name)

    def test_every_example_is_built_and_run(self):
        built = (EXAMPLES / "CMakeLists.txt").read_text()
        run = (pathlib.Path(__file__).parent / "CMakeLists.txt").read_text()
        for path in sorted(EXAMPLES.glob("*.cc")):
            self.assertIn(f"add_executable({path.stem} {path.name})", built)
            self.assertIn(f"NAME examples.{path.stem} COMMAND {path.stem}", run)


if __name__ == "__main__":
    unittest.main()
