#!/usr/bin/env python3
"""What is done in one place alone: JSON becomes text, processes begin, threads begin."""
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMENT = re.compile(r"//[^\n]*")


def files_with(pattern, folders=("src", "include", "apps")):
    return sorted(str(path.relative_to(ROOT)) for folder in folders
                  for path in (ROOT / folder).rglob("*") if path.suffix in (".h", ".cc")
                  and re.search(pattern, COMMENT.sub("", path.read_text())))


class OnePlace(unittest.TestCase):
    def test_json_becomes_text_where_numbers_are_checked(self):
        self.assertEqual(files_with(r"\.dump\("),
                         ["include/edgeprune/core/json_text.h"])

    def test_processes_begin_in_the_command_meter_alone(self):
        self.assertEqual(files_with(r"\b(popen|posix_spawnp?|execv\w*|execl\w*|system|v?fork)\s*\("),
                         ["src/energy/command.cc"])

    def test_threads_begin_where_their_exceptions_are_kept(self):
        self.assertEqual(files_with(r"std::(thread|jthread|async)\s*\(|<std::(j?thread)>"),
                         ["include/edgeprune/core/start_thread.h", "src/compare/workers.cc",
                          "src/core/thread_pool.cc"])


if __name__ == "__main__":
    unittest.main()
