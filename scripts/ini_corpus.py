"""Writes test/config/ini_corpus.json: small ini texts and what Python 2's own parser makes of them.

Usage: python3 scripts/ini_corpus.py PYTHON2 > test/config/ini_corpus.json, then format that file

PYTHON2 is the command of a Python 2.7 interpreter. Where its ConfigParser stops at an error, the
faulty lines are noted and blanked, and the rest is read again, so that every entry has both. On
stderr: how often Python 3's RawConfigParser, set up to imitate Python 2, agrees.
"""
from __future__ import print_function

import json
import os
import random
import re
import subprocess
import sys

from ini_corpus_texts import DIFFERING, HAND_WRITTEN

KEYS = ["x", "Key", "url", "my key", "mapping.A", "rem", "remark", "[k", "a#b", "a;b", "__x", "1"]
SEPARATORS = ["=", ":", " = ", " : ", "  =", ": ", "\t=\t"]
VALUES = ["", "1", "a b", "a;b", "a ;b", "a;b ;c", ";", ";a", "# a", "a # b", '""', '"a"', '"" ;c',
          "a = b", "a : b", "[b]", "%(x)s", "  a  ", u"\u00e9\u00a0", "a\t;b", "''", "]", "\x0ca"]
SECTIONS = ["a", "b", "A", "DEFAULT", "converters", "a.b", " a", "a=b", "#"]
LOOSE = ["", "  ", "\t", "# c", "; c", "rem c", "REM", "  # x", "  ; x", "  [a]", "  y = 2", "\tz",
         " rem q", "bad", "= 1", ":", "[]", "[", "[b", "[b = 1", "  \"\"", "   two words  ", "]"]


def random_text(source):
    """A text of up to 14 lines, mostly sound."""
    lines = ["[%s]" % source.choice(SECTIONS)] if source.random() < 0.93 else []
    for _ in range(source.randrange(14)):
        kind = source.random()
        if kind < 0.5:
            lines.append(source.choice(KEYS) + source.choice(SEPARATORS) + source.choice(VALUES))
        elif kind < 0.65:
            lines.append("[%s]%s" % (source.choice(SECTIONS), source.choice(["", "", " ; c", "x"])))
        elif kind < 0.85:
            lines.append(source.choice(["  ", "\t", " ", "      "]) + source.choice(VALUES[1:]))
        else:
            lines.append(source.choice(LOOSE))
    end = source.choice(["\n", "\n", "\n", "\r\n"])
    return end.join(lines) + source.choice([end, end, ""])


def differs(text):
    """Whether a text meets the one difference that random texts can meet."""
    return re.search(r"(?m)^[^:=\s][^:=\n]*[=:][^\S\n]*;.*\s$", text.replace("\n", " \n")
                     if "\r" in text else text) is not None


def corpus():
    """All entries without results."""
    entries = [{"name": name, "text": text} for name, text in HAND_WRITTEN]
    for name, text, expected, why in DIFFERING:
        entries.append({"name": name, "text": text, "expected": expected, "why": why})
    source = random.Random(20)
    number = 0
    while number < 150:
        text = random_text(source)
        if differs(text):
            continue
        number += 1
        entries.append({"name": "random %d" % number, "text": text})
    return entries


def read(new_parser, errors, text):
    """What one parser makes of a text; error lines are noted, blanked, and the rest read again."""
    headless, bad = [], []
    while True:
        parser = new_parser()
        try:
            parser.read_text(text)
        except errors.MissingSectionHeaderError as error:
            headless.append(error.lineno)
            text = blanked(text, [error.lineno])
        except errors.ParsingError as error:
            bad = [line for line, _ in error.errors]
            text = blanked(text, bad)
        else:
            return {
                "headless": headless,
                "bad": bad,
                "defaults": pairs(parser._defaults),
                "sections": [[name, pairs(parser._sections[name])] for name in parser._sections],
            }


def pairs(options):
    return [[key, options[key]] for key in options if key != "__name__"]


def blanked(text, numbers):
    newline = b"\n" if isinstance(text, bytes) else "\n"
    lines = text.split(newline)
    for number in numbers:
        lines[number - 1] = newline[:0]
    return newline.join(lines)


def read_with_python2(texts):
    import ConfigParser
    import io

    class Parser(ConfigParser.RawConfigParser):
        def read_text(self, text):
            self.readfp(io.BytesIO(text))

    return [read(Parser, ConfigParser, text.encode("utf-8")) for text in texts]


def read_with_python3(texts):
    import configparser
    import io

    class Parser(configparser.RawConfigParser):
        def read_text(self, text):
            self.read_file(io.StringIO(text, newline="\n"))

    def new_parser():
        return Parser(strict=False, delimiters=("=", ":"), comment_prefixes=("#", ";"),
                      inline_comment_prefixes=(";",), empty_lines_in_values=False)

    return [read(new_parser, configparser, text) for text in texts]


def main(python2):
    entries = corpus()
    texts = [entry["text"] for entry in entries]
    child = subprocess.Popen([python2, os.path.abspath(__file__), "--child"],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    output, _ = child.communicate(json.dumps(texts).encode("ascii"))
    if child.returncode != 0:
        sys.exit("Python 2 failed")
    results = json.loads(output.decode("ascii"))
    differing = []
    for entry, result, modern in zip(entries, results, read_with_python3(texts)):
        entry["python2"] = result
        if modern != result:
            differing.append(entry["name"])
    print("[\n" + ",\n".join(json.dumps(entry, sort_keys=True) for entry in entries) + "\n]")
    print("%d texts, Python 3 agrees on %d; not on: %s" % (
        len(texts), len(texts) - len(differing), ", ".join(differing)), file=sys.stderr)


if __name__ == "__main__":
    if sys.argv[1:] == ["--child"]:
        print(json.dumps(read_with_python2(json.loads(sys.stdin.read()))))
    elif len(sys.argv) == 2:
        main(sys.argv[1])
    else:
        sys.exit(__doc__)
