# -*- coding: utf-8 -*-
"""Generates Python bodies in the style of admins, and stores what CPython makes of them.

    python3 scripts/python_bodies.py --python2 /path/to/python2.7 [--out test/python/bodies.json]

No body tells its version. What is expected is what Python 3 gives; where it raises, what Python 2
gives; where both raise, an error. `bodies.json` lets the tests run without Python.
"""
from __future__ import print_function

import json
import os
import random
import re
import subprocess
import sys
import textwrap
import time
import datetime

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "test", "python", "bodies.json")
OLD = sys.version_info[0] == 2
TEXT = type(u"")

NAMES = [u"Ann Lee", u"zoë müller", u"BOB RAY", u"o'neil, pat", u"Jean-Luc de la Cruz", u" x ", u"", u"李雷", u"ßtraße ıi", u"d'Arcy McX"]
HOSTS = [u"BER-LT-0042", u"nyc-ws-7", u"MacBook-Pro.local", u"srv01.corp.example.com", u"", u"LT_0099_X", u"lon-LT-12a"]
MODELS = [u"MacBook Pro (16-inch, 2021)", u"OptiPlex 7090", u"iPad Air", u"ThinkPad X1 Carbon Gen 9", u"", u"Surface Pro 7"]
MACS = [u"00:1A:2B:3C:4D:5E", u"00-1a-2b-3c-4d-5e", u"001a.2b3c.4d5e", u"001A2B3C4D5E", u"n/a", u"", u"00:1a:2b"]
DATES = [u"2024-01-31", u"2024-02-29T13:14:15Z", u"2023-12-01 08:09:10", u"31/01/2024", u"01/31/2024", u"Jan 5, 2024", u"5 Jan 2024", u"20240131", u"2024-01-31T10:20:30.123456+02:00", u"", u"never", u"0000-00-00", u"1/2/24 3:04 PM"]
DNS = [u"CN=Ann Lee,OU=Sales,OU=Berlin,DC=corp,DC=example,DC=com", u"CN=Lee\\, Ann,OU=IT,DC=x,DC=y", u"", u"OU=A,OU=B", u"CN=x"]
MAILS = [u"ann@x.org", u"Bob.Ray@Corp.Example.com", u"nobody", u"", u"a@b@c", u" pat@x.io "]
NUMBERS = [0, 1, -1, 7, 8, 16384, 17179869184, 1.5, 2.5, -3.75, 0.1, 123456789, None, "12", "3.7", "abc", "", True]
LISTS = [[], [1, 2, 3], [3, 1, 2, 3], ["b", "a", "c"], ["x", None, 2], [[1, 2], [3]], [{"name": "a", "size": 3}, {"name": "b", "size": 10}, {"name": "c"}]]
SOFTWARE = [
    [{"name": "Chrome", "version": "120.0.1"}, {"name": "Slack", "version": "4.35"}, {"name": "Zoom", "version": "5.9.3"}],
    [{"name": "chrome", "version": "99"}, {"name": "Office", "version": None}],
    [],
]
EXTENSIONS = [
    [{"name": "Asset Tag", "value": "A-17"}, {"name": "Cost", "value": "1,234.50"}, {"name": "Dept", "value": ""}],
    [{"name": "Cost", "value": None}],
    [],
]
DISKS = [
    [{"size": 512000, "free": 100.5, "type": "SSD"}, {"size": 1024000, "free": 0, "type": "HDD"}],
    [{"size": "256", "free": "n/a", "type": "ssd"}],
    [],
]
UACS = [512, 514, 66048, 66050, "512", 0, None, 2]
FILETIMES = ["132514560000000000", "133500000000000000", 0, "9223372036854775807", None, ""]
EPOCHS = [0, 1700000000, 1700000000123, "1700000000", -1, None, 1.5]
CURRENCY = [u"$1,234.50", u"1.234,50 €", u"12", u"-", u"", u"USD 99", u"(45.00)"]
IMEIS = [u"490154203237518", u"49-015420-323751-8", u"123", u"", u"356938035643809"]
VERSIONS = [u"10.15.7", u"11.2", u"13", u"", u"10.0.19045", u"12.6.1b3"]


def record(rng):
    full = {
        "name": rng.choice(NAMES), "host": rng.choice(HOSTS), "model": rng.choice(MODELS), "mac": rng.choice(MACS),
        "date": rng.choice(DATES), "dn": rng.choice(DNS), "mail": rng.choice(MAILS), "n": rng.choice(NUMBERS), "m": rng.choice(NUMBERS),
        "items": rng.choice(LISTS), "software": rng.choice(SOFTWARE), "extension_attributes": rng.choice(EXTENSIONS),
        "disks": rng.choice(DISKS), "uac": rng.choice(UACS), "filetime": rng.choice(FILETIMES), "epoch": rng.choice(EPOCHS),
        "price": rng.choice(CURRENCY), "imei": rng.choice(IMEIS), "version": rng.choice(VERSIONS),
        "general": {"name": rng.choice(NAMES), "platform": rng.choice(["Mac", "Windows", None]), "site": {"id": rng.choice([1, -1, "7"]), "name": rng.choice(["HQ", "", None])}},
        "tags": rng.choice([["a", "b"], [], ["x"], None]), "note": rng.choice([u"line one\nline two", u"tab\there", u"plain", u"", None]),
        "serial": rng.choice(["C02", "", "  VMware-56 4d ", "To be filled by O.E.M.", "12345678"]),
    }
    for key in rng.sample(sorted(full), rng.choice([0, 0, 2, 5])):
        del full[key]
    return full


def load_templates():
    import python_body_templates
    return python_body_templates.TEMPLATES


def bodies(seed=15):
    """Every template with each of its fillings, and some records."""
    rng = random.Random(seed)
    for number, (text, fillings) in enumerate(load_templates()):
        for index, filling in enumerate(fillings or [{}]):
            body = textwrap.dedent(text).strip("\n")
            for key, value in filling.items():
                body = body.replace("<%s>" % key, value)
            inputs = []
            for _ in range(4):
                one = record(rng)
                value = rng.choice([one.get(k) for k in ("name", "host", "date", "n", "items", "mail", "mac", "note", "price")])
                if not re.search(r"record\)|% record|record\.keys|in record|\*record", body):
                    # Only what the body may read, so that the file stays small.
                    one = dict((k, v) for k, v in one.items() if k in body)
                inputs.append({"record": one, "value": value if "value" in body else None, "params": rng.choice([{}, {"sep": "-", "all": True}, {"by": "2"}]) if "params" in body else {}})
            yield {"name": "%03d_%d" % (number, index), "body": body, "inputs": inputs}


class Record(dict):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self.get(name)


class Log(object):
    def __getattr__(self, level):
        return lambda *args, **options: None


def wrap(value):
    if isinstance(value, dict):
        return Record((key, wrap(item)) for key, item in value.items())
    return [wrap(item) for item in value] if isinstance(value, list) else value


def plain(value):
    """A result as it can be sent; raises what cannot be."""
    if value is None or isinstance(value, (bool, TEXT)):
        return value
    if OLD and isinstance(value, str):
        return value.decode("utf-8")
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            raise ValueError("out of range")
        return int(value) if value == int(value) and abs(value) < 2 ** 53 else value
    if isinstance(value, int) or type(value).__name__ == "long":
        return value if abs(value) < 2 ** 53 else TEXT(value)
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return dict((key if isinstance(key, TEXT) else json.loads(json.dumps({key: 0})).popitem()[0], plain(item)) for key, item in value.items())
    raise TypeError("%s cannot be sent" % type(value).__name__)


class FakeDatetime(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.datetime(2024, 3, 1, 12, 0, 0) if tz is None else datetime.datetime(2024, 3, 1, 12, 0, 0, tzinfo=tz)

    utcnow = now
    today = now


def cae(record, attr, default=None):
    for one in record.get("extension_attributes") or []:
        if one.get("name") == attr:
            return one.get("value")
    return default


def run(body, given):
    scope = {"cae": cae, "cea": cae, "LOG": Log(), "print": lambda *a, **k: None} if not OLD else {"cae": cae, "cea": cae, "LOG": Log()}
    code = u"def body(record, field, value, params):\n%s\n" % u"\n".join(u"  " + line for line in body.split(u"\n"))
    if OLD:
        code = u"# -*- coding: utf-8 -*-\n" + code
    try:
        exec(compile(code.encode("utf-8") if OLD else code, "body", "exec", 0, True), scope)
        given = json.loads(json.dumps(given))
        value = scope["body"](wrap(given["record"]), u"field", wrap(given["value"]), wrap(given["params"]))
        return {"value": plain(value)}
    except Exception as error:  # what a body raises is its result
        return {"error": type(error).__name__}


def results(cases):
    stdout, sys.stdout = sys.stdout, open(os.devnull, "w")
    try:
        return [[run(case["body"], given) for given in case["inputs"]] for case in cases]
    finally:
        sys.stdout = stdout


def main():
    os.environ["TZ"] = "UTC"
    time.tzset()
    if "--worker" in sys.argv:
        print(json.dumps(results(json.load(sys.stdin))))
        return
    python2 = sys.argv[sys.argv.index("--python2") + 1]
    out = sys.argv[sys.argv.index("--out") + 1] if "--out" in sys.argv else OUT
    cases = list(bodies())
    old = subprocess.run([python2, os.path.abspath(__file__), "--worker"], input=json.dumps(cases).encode("utf-8"), stdout=subprocess.PIPE, check=True)
    for case, three, two in zip(cases, results(cases), json.loads(old.stdout.decode("utf-8"))):
        for given, new, before in zip(case["inputs"], three, two):
            given["expected"] = new if "value" in new else before
    with open(out, "w", encoding="utf-8") as target:
        target.write("[\n" + ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases) + "\n]\n")
    good = sum("value" in given["expected"] for case in cases for given in case["inputs"])
    print("%d bodies, %d inputs, %d results that are no error" % (len(cases), sum(len(c["inputs"]) for c in cases), good))


if __name__ == "__main__":
    main()
