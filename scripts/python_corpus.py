"""Runs the Python bodies of test/python/corpus/*.txt with CPython and stores their results.

    python3 scripts/python_corpus.py --python2 /path/to/python2.7

Cases marked 2 run under Python 2.7, cases marked 3 under the interpreter that runs this file. The
results go to test/python/corpus.json, so that the tests need no Python.

A case:

    === name : converter|filter : 2|3
      the body, indented as in an ini file
    > {"the": "record"} [| value | params]

Records answer attribute access with None for what they lack; by index they raise KeyError in
converters and give None in filters.
"""
from __future__ import print_function

import glob
import json
import os
import subprocess
import sys

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "test", "python")
OLD = sys.version_info[0] == 2
TEXT = type(u"")


class Record(dict):
    """A record as bodies see it."""

    strict = False

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self.get(name)

    def __missing__(self, key):
        if self.strict:
            raise KeyError(key)
        return None


class StrictRecord(Record):
    strict = True


class Log(object):
    """Keeps what a body logs."""

    def __init__(self):
        self.lines = []

    def __getattr__(self, level):
        def write(message, *args, **_):
            values = args[0] if len(args) == 1 and isinstance(args[0], dict) else args
            self.lines.append([level, as_text(message % values if args else message)])

        return write


class DynamicException(Exception):
    pass


def as_text(value):
    if isinstance(value, TEXT):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return TEXT(value)


def wrap(value, record):
    if isinstance(value, dict):
        return record((key, wrap(item, record)) for key, item in value.items())
    if isinstance(value, list):
        return [wrap(item, record) for item in value]
    return value


def show(value):
    """repr() as Python 3 writes it, in both versions; dicts of Python 2 have one key in the corpus."""
    if value is None or isinstance(value, (bool, float)):
        return repr(value)
    if isinstance(value, (TEXT, str)) or (OLD and isinstance(value, bytes)):
        return quote(as_text(value))
    if isinstance(value, int) or type(value).__name__ == "long":
        return "%d" % value
    if isinstance(value, list):
        return "[%s]" % ", ".join(show(item) for item in value)
    if isinstance(value, tuple) and type(value) is tuple:
        return "(%s%s)" % (", ".join(show(item) for item in value), "," if len(value) == 1 else "")
    if type(value) in (dict, Record, StrictRecord):
        return "{%s}" % ", ".join("%s: %s" % (show(key), show(item)) for key, item in value.items())
    return repr(value)


def quote(text):
    if not OLD:
        return repr(text)
    mark = u'"' if u"'" in text and u'"' not in text else u"'"
    names = {u"\\": u"\\\\", u"\n": u"\\n", u"\r": u"\\r", u"\t": u"\\t", mark: u"\\" + mark}
    return mark + u"".join(names.get(char, char) for char in text) + mark


def cae(record, attr, default=None):
    for one in record.get("extension_attributes") or []:
        if one.get("name") == attr:
            return one.get("value")
    return default


def get_field_value(data, path, default=None):
    if not data:
        return default
    head, dot, rest = path.partition(".")
    if dot:
        if isinstance(data, list) and head.isdigit():
            return get_field_value(data[int(head)], rest, default) if int(head) < len(data) else default
        if isinstance(data, dict) and head in data:
            return get_field_value(data[head], rest, default)
    result = data.get(path) if isinstance(data, dict) else None
    return default if result is None else result


def parse(path):
    cases = []
    with open(path, "rb") as source:
        lines = source.read().decode("utf-8").split("\n")
    for line in lines:
        if line.startswith("==="):
            parts = [part.strip() for part in line[3:].split(":")]
            cases.append({
                "name": parts[0],
                "kind": parts[1],
                "version": int(parts[2]),
                "body": [],
                "inputs": [],
            })
        elif line.startswith("> "):
            fields = [json.loads(part) for part in line[2:].split(" | ")] + [None, None]
            cases[-1]["inputs"].append({"record": fields[0], "value": fields[1], "params": fields[2] or {}})
        elif cases:
            cases[-1]["body"].append(line)
    for case in cases:
        case["body"] = "\n".join(case["body"]).rstrip("\n")
    return cases


def compile_body(case, log):
    inputs = "record, field, value, params" if case["kind"] == "converter" else "record"
    def printed(*values, **options):
        log.lines.append(["info", as_text(options.get("sep", " ").join(map(as_text, values)))])

    scope = {
        "cae": cae,
        "cea": cae,
        "get_field_value": get_field_value,
        "LOG": log,
        "DynamicException": DynamicException,
        "converter": lambda record, name, **params: "%s(%s)" % (name, ",".join(sorted(params))),
    }
    if not OLD:
        scope["print"] = printed
    code = "def body(%s):\n%s\n" % (inputs, case["body"])
    exec(compile(code.encode("utf-8") if OLD else code, case["name"], "exec", 0, True), scope)
    return scope["body"]


def run(case, given):
    log = Log()
    body = compile_body(case, log)
    record = wrap(json.loads(json.dumps(given["record"])), StrictRecord if case["kind"] == "converter" else Record)
    value = wrap(json.loads(json.dumps(given["value"])), StrictRecord)
    params = json.loads(json.dumps(given["params"]))
    arguments = [record, "field", value, params] if case["kind"] == "converter" else [record]
    result = {}
    printed, sys.stdout = sys.stdout, Printed(log) if OLD else sys.stdout
    try:
        result["repr"] = as_text(show(body(*arguments)))
    except Exception as error:  # what a body raises is its result
        result["error"] = type(error).__name__
        result["message"] = as_text(str(error)) if not OLD else as_text(error)
    finally:
        sys.stdout = printed
    if log.lines:
        result["log"] = log.lines
    return result


class Printed(object):
    """Takes what Python 2's print statement writes, line by line."""

    def __init__(self, log):
        self.log = log
        self.text = u""

    def write(self, text):
        self.text += as_text(text)
        while u"\n" in self.text:
            line, self.text = self.text.split(u"\n", 1)
            self.log.lines.append(["info", line])


def results(version):
    found = []
    for path in sorted(glob.glob(os.path.join(FOLDER, "corpus", "*.txt"))):
        for case in parse(path):
            if case["version"] != version:
                continue
            for given in case["inputs"]:
                given["result"] = run(case, given)
            found.append(case)
    return found


def main():
    if "--worker" in sys.argv:
        print(json.dumps(results(2)))
        return
    python2 = sys.argv[sys.argv.index("--python2") + 1]
    old = subprocess.run([python2, os.path.abspath(__file__), "--worker"], stdout=subprocess.PIPE, check=True)
    cases = json.loads(old.stdout.decode("utf-8")) + results(3)
    names = [case["name"] for case in cases]
    assert len(names) == len(set(names)), "names must differ: %s" % sorted(n for n in names if names.count(n) > 1)
    with open(os.path.join(FOLDER, "corpus.json"), "w", encoding="utf-8") as target:
        json.dump(sorted(cases, key=lambda case: case["name"]), target, indent=2, ensure_ascii=False)
        target.write("\n")
    print("%d bodies, %d inputs" % (len(cases), sum(len(case["inputs"]) for case in cases)))


main()
