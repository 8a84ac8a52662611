#!/usr/bin/env python3
"""The library's texts: none names an option or a subcommand of the command line, which adds its
advice by an error's reason (apps/edgeprune/advice.cc), and no code looks into an error's message."""
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Comments are taken first, so that quotes within them begin no text.
TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\((?P<raw>.*?)\)\1"|"(?P<text>(?:\\.|[^"\\\n])*)"'
                   r"|'(?:\\.|[^'\\\n])+'", re.DOTALL)
COMMANDS = sorted(path.stem for path in (ROOT / "apps/edgeprune").glob("*.cc")
                  if f"add_{path.stem}(" in (ROOT / "apps/edgeprune/commands.h").read_text())
COMMAND_LINE = re.compile(r"(?<![\w-])--[a-z]|\bedgeprune (%s)\b" % "|".join(COMMANDS))
LOOKS_INTO_A_MESSAGE = re.compile(
    r"what\(\)\)?\s*\.\s*(find|rfind|starts_with|ends_with|contains|substr)\b"
    r"|\b(message|notice)\w*\s*\.\s*(find|starts_with|ends_with|contains)\b")


def without_comments(code):
    return TOKEN.sub(lambda token: "" if token[0].startswith(("//", "/*")) else token[0], code)


def texts(code):
    """The string literals of C++ code, neighbours joined as the compiler joins them."""
    code = without_comments(code)
    joined, end = [], None
    for token in TOKEN.finditer(code):
        text = token["raw"] if token["raw"] is not None else token["text"]
        if text is None:
            continue
        if end is not None and not code[end:token.start()].strip():
            joined[-1] += text
        else:
            joined.append(text)
        end = token.end()
    return joined


def library_files():
    return [path for folder in ("src", "include") for path in sorted((ROOT / folder).rglob("*"))
            if path.suffix in (".h", ".cc")]


class LibraryTexts(unittest.TestCase):
    def test_the_search_finds_options_and_commands_in_texts_alone(self):
        self.assertIn("run", COMMANDS)
        self.assertEqual(texts('f("a" // "b"\n "c", R"(d "e")", \'"\', "g\\"h");'),
                         ["ac", 'd "e"', 'g\\"h'])
        for bad in ["start again with --force", "`edgeprune resume runs/a`", "--set x"]:
            self.assertRegex(bad, COMMAND_LINE)
        for good in ["left--right", "edgeprune process", "a -- b", "+--+"]:
            self.assertNotRegex(good, COMMAND_LINE)

    def test_no_text_of_the_library_names_an_option_or_a_subcommand(self):
        found = [f"{path.relative_to(ROOT)}: {text}" for path in library_files()
                 for text in texts(path.read_text()) if COMMAND_LINE.search(text)]
        self.assertEqual(found, [])

    def test_no_code_of_the_library_looks_into_an_errors_message(self):
        self.assertRegex('if (std::string_view(error.what()).starts_with("a"))',
                         LOOKS_INTO_A_MESSAGE)
        self.assertRegex('message.find("--force") != npos', LOOKS_INTO_A_MESSAGE)
        found = [f"{path.relative_to(ROOT)}: {match[0]}" for path in library_files()
                 for match in LOOKS_INTO_A_MESSAGE.finditer(without_comments(path.read_text()))]
        self.assertEqual(found, [])


if __name__ == "__main__":
    unittest.main()
