"""Writes test/config/ini_corpus.json: small ini texts and what Python 2's own parser makes of them.

Usage: python3 scripts/ini_corpus.py PYTHON2 > test/config/ini_corpus.json

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

HAND_WRITTEN = [
    # name, text
    ("empty file", ""),
    ("only a newline", "\n"),
    ("only comments", "# a\n; b\nrem c\n"),
    ("one option", "[a]\nx = 1\n"),
    ("no final newline", "[a]\nx = 1"),
    ("crlf", "[a]\r\nx = 1\r\ny: two words\r\n"),
    ("crlf multi-line", "[a]\r\nx:\r\n  one\r\n  two\r\n\r\n[b]\r\ny=2\r\n"),
    ("bare carriage return in a line", "[a]\nx = 1\ry = 2\n"),
    ("line of one carriage return", "[a]\nx = 1\n\r\r\n  more\n"),
    # L2, L3, L4
    ("blank lines inside a value", "[a]\nx:\n  one\n\n   \n\t\n  two\n"),
    ("comments inside a value", "[a]\nx:\n  one\n# gone\n  two\n; gone too\n  three\n"),
    ("rem inside a value", "[a]\nx:\n  one\nrem gone\n  two\n"),
    ("hash in column 1", "[a]\n#x = 1\ny = 2\n"),
    ("semicolon in column 1", "[a]\n;x = 1\ny = 2\n"),
    ("rem lower", "[a]\nrem x = 1\ny = 2\n"),
    ("rem upper", "[a]\nREM x = 1\ny = 2\n"),
    ("rem mixed", "[a]\nrEm x = 1\ny = 2\n"),
    ("rem with tab", "[a]\nrem\tx = 1\ny = 2\n"),
    ("rem alone", "[a]\nrem\ny = 2\n"),
    ("rem alone at the end", "[a]\ny = 2\nrem"),
    ("rem as spaced key", "[a]\nrem = 1\n"),
    ("rem as tight key", "[a]\nrem=1\nREM:2\n"),
    ("remark is a key", "[a]\nremark = x\n"),
    ("rem in another word", "[a]\nrem-x = 1\nremx y = 2\n"),
    ("indented rem before options", "[a]\n  rem x\ny = 1\n"),
    ("indented rem continues", "[a]\nx = 1\n  rem y\n"),
    ("rem before any header", "rem x\n[a]\ny = 1\n"),
    ("whitespace before hash before options", "[a]\n  # x\ny = 1\n"),
    # L5
    ("continuation", "[a]\nx = 1\n  2\n\t3\n"),
    ("indented hash is text", "[a]\nx = 1\n  # 2\n"),
    ("indented semicolon is text", "[a]\nx = 1\n  ; 2\n"),
    ("continuation keeps inline comment", "[a]\nx = 1\n  2 ; three\n"),
    ("continuation with separator", "[a]\nx = 1\n  y = 2\n"),
    ("continuation after comment option", "[a]\nx = 1 ; c\n  2 ; d\n"),
    ("continuation ends at option", "[a]\nx:\n  1\ny:\n  2\n"),
    ("continuation by vertical tab", "[a]\nx = 1\n\x0b2\n\x0c3\n"),
    ("converter body", "[converters]\nmy_custom_converter:\n    return record.get(\"position\", \"Unknown\")\n"),
    ("nested body", "[converters]\nc:\n  if value:\n      return 1\n  else:\n      return {'a': 2}\n"),
    ("json over lines", "[a]\nmapping.X = {\n  \"source\": \"y\",\n  \"hardcoded\": \"z\"\n  }\n"),
    ("trailing space on continuation", "[a]\nx =\n  one  \n  two\t\n"),
    # L6
    ("indented after header", "[a]\n  x = 1\ny = 2\n"),
    ("two indented after header", "[a]\n  x = 1\n  z = 3\ny = 2\n"),
    ("indented after header and comment", "[a]\n# c\n\n  x = 1\n"),
    ("indented header is continuation", "[a]\nx = 1\n [b]\ny = 2\n"),
    ("indented header first", " [b]\ny = 2\n"),
    ("indented header after header", "[a]\n [b]\ny = 2\n"),
    ("indented after repeated header", "[a]\nx = 1\n[a]\n  2\n"),
    ("continuation after bad line", "[a]\nx = 1\nbad\n  2\ny = 3\n"),
    # L7
    ("header with spaces", "[ a b ]\nx = 1\n"),
    ("header with tail", "[a] tail = 1\nx = 1\n"),
    ("header with comment", "[a] ; comment\nx = 1\n"),
    ("header with second bracket", "[a]b]\nx = 1\n"),
    ("header with opening brackets", "[[a]]\nx = 1\n"),
    ("header with dot", "[casper.MDM]\nenable = True\n"),
    ("header with hash", "[#a]\nx = 1\n"),
    ("header with separator", "[a=b:c]\nx = 1\n"),
    ("empty header", "[a]\nx = 1\n[]\ny = 2\n"),
    ("empty header as key", "[a]\n[] = 2\n"),
    ("header of a space", "[ ]\nx = 1\n"),
    ("header starting with bracket", "[a]\n[]b]\nx = 1\n"),
    ("unclosed header", "[a]\nx = 1\n[b\ny = 2\n"),
    ("unclosed header with separator", "[a]\n[b = 2\n"),
    ("case of names", "[a]\nx = 1\n[A]\nx = 2\n"),
    ("closing bracket in value", "[a]\nx = [1]\n"),
    ("option like header", "[a]\n[x = 1]\ny = 2\n"),
    # L8
    ("merged sections", "[a]\nx = 1\n[b]\ny = 2\n[a]\nz = 3\n"),
    ("merged and overridden", "[a]\nx = 1\n[b]\ny = 2\n[a]\nx = 3\n"),
    ("merged twice", "[a]\nx = 1\n[a]\ny = 2\n[a]\nx = 4\n"),
    ("option before header", "x = 1\n[a]\ny = 2\n"),
    ("lines before header", "# c\nx = 1\n\nhello\n  more\n[a]\ny = 2\n"),
    ("only options", "x = 1\ny = 2\n"),
    ("empty header first", "[]\n[a]\ny = 2\n"),
    # L9
    ("equals", "[a]\nx=1\n"),
    ("colon", "[a]\nx:1\n"),
    ("colon before equals", "[a]\nurl: http://x=1\n"),
    ("equals before colon", "[a]\nurl= http://x:1\n"),
    ("spaced colon", "[a]\nKey: a : b = c\n"),
    ("inner spaces", "[a]\nmy long key = 1\n"),
    ("space before separator", "[a]\nx   \t=   \t1\n"),
    ("no key equals", "[a]\n= 1\ny = 2\n"),
    ("no key colon", "[a]\n: 1\ny = 2\n"),
    ("two separators", "[a]\nx == 1\ny := 2\nz =: 3\n"),
    ("key with hash", "[a]\na#b = 1\n"),
    ("key with semicolon", "[a]\na;b = 1\n"),
    ("key with quotes", "[a]\n\"a\" = 1\n"),
    ("key with percent", "[a]\na%b = 1\n"),
    ("key with dots", "[a]\nmapping.foo.bar = 1\n"),
    # L10
    ("keys lower-cased", "[a]\nAPI_Token = X\nmapping.BARCODE = Serial\n"),
    ("case repeats", "[a]\nKey = 1\nKEY = 2\nkey = 3\n"),
    # L11
    ("bad line", "[a]\nx = 1\nnonsense\ny = 2\n"),
    ("bad lines", "[a]\none\nx = 1\ntwo\n[b]\nthree\ny = 2\n"),
    ("bad line with semicolon", "[a]\nx ; y\n"),
    ("bad at the end", "[a]\nx = 1\nbad"),
    # L12
    ("inline comment", "[a]\nurl = https://example.com ; note\n"),
    ("semicolon inside", "[a]\npw = a;b\n"),
    ("first semicolon spaced", "[a]\npw = a ;b;c\n"),
    ("first semicolon tight", "[a]\npw = a;b ;c\n"),
    ("semicolon first", "[a]\npw = ;abc\n"),
    ("semicolon first tight", "[a]\npw=;abc\n"),
    ("semicolon alone", "[a]\npw = ;\n"),
    ("hash is text", "[a]\npw = abc # x\n"),
    ("hash first", "[a]\npw = # x\n"),
    ("tab before semicolon", "[a]\npw = a\t;b\n"),
    ("two semicolons spaced", "[a]\npw = a ; b ; c\n"),
    ("comment directly after", "[a]\npw = a ;\n"),
    ("semicolon in key and value", "[a]\na ;b = c ;d\n"),
    ("colon value with comment", "[a]\npw: a ; b\n"),
    # L13
    ("empty quotes", "[a]\nx = \"\"\n"),
    ("empty quotes with comment", "[a]\nx = \"\" ; c\n"),
    ("empty quotes with spaces", "[a]\nx =   \"\"  \n"),
    ("quotes kept", "[a]\nx = \"abc\"\n"),
    ("single quotes kept", "[a]\nx = ''\n"),
    ("one quote", "[a]\nx = \"\n"),
    ("four quotes", "[a]\nx = \"\"\"\"\n"),
    ("quoted spaces", "[a]\nx = \"  a  \"\n"),
    ("trimmed", "[a]\nx =   a b   \n"),
    ("empty quotes then continuation", "[a]\nx = \"\"\n  y\n"),
    ("continuation of quotes", "[a]\nx =\n  \"\"\n"),
    # L14
    ("repeated key", "[a]\nx = 1\nx = 2\n"),
    ("repeated key multi-line", "[a]\nx:\n  1\n  2\ny = 0\nx = 3\n"),
    ("repeated with continuation", "[a]\nx = 1\nx =\n  2\n  3\n"),
    # L15
    ("first line empty", "[a]\nrecordfilter:\n    return True\n"),
    ("first line filled", "[a]\nrecordfilter: a\n    return True\n"),
    ("empty value", "[a]\nx =\ny:\n"),
    ("empty value at the end", "[a]\nx ="),
    # L16
    ("no interpolation", "[a]\npct = 50%%off %(foo)s\ndollar = ${x} $y\n"),
    ("percent in default", "[DEFAULT]\nfoo = 1\n[a]\nx = %(foo)s\n"),
    # L17
    ("default", "[DEFAULT]\nenable = True\n[a]\nx = 1\n"),
    ("default overridden", "[DEFAULT]\nx = 1\n[a]\nx = 2\n[b]\ny = 3\n"),
    ("default last", "[a]\nx = 1\n[DEFAULT]\ny = 2\n"),
    ("default twice", "[DEFAULT]\nx = 1\n[a]\n[DEFAULT]\nx = 2\nz = 3\n"),
    ("default in lower case", "[default]\nx = 1\n[a]\n"),
    ("default with spaces", "[ DEFAULT ]\nx = 1\n[a]\n"),
    ("default multi-line", "[DEFAULT]\nx:\n  1\n  2\n[a]\ny = 1\n"),
    ("default and converters", "[DEFAULT]\nx = 1\n[converters]\nc:\n  return 1\n"),
    # L18
    ("order", "[z]\n[oomnitza]\nurl = x\n[m]\n[b]\n[a]\n[z]\n"),
    ("option order", "[s]\nz = 1\na = 2\nm = 3\nz = 4\n"),
    # characters
    ("unicode values", u"[a]\nname = Zo\u00eb \u2013 \u65e5\u672c \U0001F600\n"),
    ("unicode section", u"[B\u00fcro]\nx = 1\n"),
    ("unicode key", u"[a]\ngr\u00f6\u00dfe = 1\n"),
    ("no-break space is text", u"[a]\nx = \u00a0a\u00a0\n\u00a0y = 2\n"),
    ("line separator is text", u"[a]\nx = a\u2028b = c\n"),
    ("next line is text", u"[a]\nx = a\u0085b\n"),
    ("null in value", u"[a]\nx = a\u0000b\n"),
    ("tab as separator space", "[a]\nx\t=\t1\n"),
    ("whole template", "[oomnitza]\nurl = https://example.oomnitza.com\napi_token =\n"
     "username = a@example.com\npassword = ***\n\n[okta]\nenable = False\n"
     "url = https://example-admin.okta.com\napi_token = x\ndefault_role = 25\n"
     "default_position = Employee\n\n"),
]

# Where the specification and Python 2 part, the specification's answer, as [section, [key, value]].
DIFFERING = [
    ("byte-order mark", u"\ufeff[a]\nx = 1\n", [["a", [["x", "1"]]]],
     "a byte-order mark is tolerated"),
    ("semicolon first, space at the end", "[a]\nx = ;abc \n", [["a", [["x", ";abc"]]]],
     "Python 2 looks at the last character when the semicolon is the first"),
    ("semicolon first, crlf", "[a]\r\nx = ;abc\r\n", [["a", [["x", ";abc"]]]],
     "CRLF is tolerated; Python 2 takes the carriage return for a space at the end"),
    ("upper-case key outside ascii", u"[a]\n\u00c4RA = 1\n", [["a", [[u"\u00e4ra", "1"]]]],
     "text is UTF-8; Python 2 lower-cases bytes"),
    ("dunder name", "[a]\n__name__ = b\n", [["a", [["__name__", "b"]]]],
     "Python 2 keeps the section's name under this key and hides it"),
]

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
