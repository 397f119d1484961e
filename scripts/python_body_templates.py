# -*- coding: utf-8 -*-
"""Bodies as admins of all ages write them, with gaps `<key>` and what goes into them."""


def each(key, *values):
    return [{key: value} for value in values]


TEMPLATES = [
    (u"""
        for ea in record.get("extension_attributes", []):
            if ea.get("name") == "<attr>":
                return ea.get("value")
        return <default>
     """, [{"attr": a, "default": d} for a in ("Asset Tag", "Cost", "Dept", "None") for d in ("None", '"n/a"')]),
    (u"""
        v = cae(record, "<attr>")
        if not v:
            return None
        v = v.replace(",", "").replace("$", "")
        try:
            return <cast>(v)
        except ValueError:
            return v
     """, [{"attr": a, "cast": c} for a in ("Cost", "Asset Tag") for c in ("float", "int", "str")]),
    (u"""
        total = 0
        for d in record["disks"]:
            try:
                total += <cast>(d["<key>"])
            except (ValueError, TypeError):
                continue
        return <result>
     """, [{"cast": c, "key": k, "result": r} for c in ("int", "float") for k in ("size", "free") for r in ("total", "str(total)", "total // 1000", '"%d GB" % total', '"%.1f" % (total / 1024.0)')]),
    (u"""
        return sum([int(d.get("size") or 0) for d in record.get("disks") or [] if d.get("type", "").<f>() == "<t>"])
     """, [{"f": f, "t": t} for f, t in (("upper", "SSD"), ("lower", "hdd"), ("title", "Ssd"), ("strip", "SSD"))]),
    (u"""
        mac = record["mac"].upper()
        mac = mac.replace(":", "").replace("-", "").replace(".", "")
        if len(mac) != 12:
            return None
        return "<sep>".join([mac[i:i + <n>] for i in range(0, 12, <n>)])
     """, [{"sep": s, "n": n} for s in (":", "-", ".", "") for n in ("2", "4", "6")]),
    (u"""
        import re
        m = re.match(r"<re>", record["host"]<flag>)
        if m:
            return <out>
        return <no>
     """, [{"re": r, "flag": f, "out": o, "no": n} for r, o in ((r"([A-Z]{3})-(\w+)-(\d+)", "m.group(1)"), (r"(\w+?)[-_](\w+)", "list(m.groups())"), (r"(?P<site>[a-z]+)", "m.groupdict()"), (r"^(\w{3})", "m.group(0) + '!'"), (r".*?(\d+)", "int(m.group(1))")) for f, n in (("", "None"), (", re.I", '"none"'), (", flags=re.IGNORECASE", "m"))]),
    (u"""
        import re
        return re.<f>
     """, each("f", r'sub(r"\s+", " ", record["model"])', r'sub(r"[^\w]", "", record["name"])', r'sub("(\\d+)", r"<\1>", record["model"])', r'sub(r"(?i)mac", lambda m: m.group(0).upper(), record["model"])', r'findall(r"\d+", record["model"])', r'findall(r"(\w)(\d)", record["host"])', r'split(r"[-_.]", record["host"])', r'split(r"([,;])", record["name"])', r'search(r"\((.*?)\)", record["model"]).group(1)', r'sub(r"^0+", "", record["serial"])', r'escape("a.b")', r'match("x*", record["host"]).span()', r'sub("a", "b", record["name"], 1)', r'compile("[aeiou]").sub("*", record["name"])', r'findall("(?m)^l.*$", record["note"] or "")')),
    (u"""
        uac = int(record["uac"])
        return <e>
     """, each("e", "bool(uac & 2)", "not uac & 0x2", '"disabled" if uac & 2 else "enabled"', "uac & 65536 == 65536", "bin(uac)", "hex(uac)", "oct(8) and uac >> 1", "uac | 1", "uac ^ 512", "~uac", "uac << 40")),
    (u"""
        parts = record["dn"].split(",")
        ous = [p[3:] for p in parts if p.startswith("<p>")]
        return <e>
     """, [{"p": p, "e": e} for p in ("OU=", "CN=", "DC=") for e in ("ous[0]", "ous[-1]", '"/".join(ous)', '".".join(reversed(ous))', "ous", "len(ous)", "ous[::-1]", "ous[0] if ous else None")]),
    (u"""
        dn = dict()
        for part in record["dn"].split(","):
            k, v = part.split("=", 1)
            dn.setdefault(k, []).append(v)
        return <e>
     """, each("e", 'dn["OU"]', 'dn.get("OU", ["?"])[0]', 'sorted(dn.keys())', 'sorted(dn.items())', '"DC" in dn', 'max(len(x) for x in dn.values())')),
    (u"""
        from datetime import datetime, timedelta
        ft = int(record["filetime"])
        if ft <zero>:
            return None
        return (datetime(1601, 1, 1) + timedelta(microseconds=ft // 10)).<out>
     """, [{"zero": z, "out": o} for z in ("== 0", "in (0, 9223372036854775807)") for o in ('strftime("%Y-%m-%d")', "isoformat()", "date().isoformat()", 'strftime("%d.%m.%Y %H:%M:%S")', "year")]),
    (u"""
        import datetime
        ts = record["epoch"]
        if ts is None:
            return ""
        ts = float(ts)
        if ts > 9999999999:
            ts = ts / 1000
        d = datetime.datetime.utcfromtimestamp(ts)
        return d.<out>
     """, each("out", 'strftime("%m/%d/%Y")', "isoformat()", 'strftime("%A %d %B %Y")', 'strftime("%j %U %w %y %I %p")', "weekday()", "toordinal()", 'replace(microsecond=0, day=1).isoformat()')),
    (u"""
        import time
        return time.strftime("<f>", time.gmtime(int(record["epoch"])))
     """, each("f", "%Y-%m-%d", "%H:%M", "%d %b %Y", "%a", "%Y%m%d%H%M%S")),
    (u"""
        from datetime import datetime
        for fmt in ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S", "%d/%m/%Y", "%m/%d/%Y", "%b %d, %Y", "%d %b %Y", "%Y%m%d"):
            try:
                return datetime.strptime(record["date"], fmt).<out>
            except ValueError:
                pass
        return None
     """, each("out", 'strftime("%Y-%m-%d")', "isoformat()", 'strftime("%d/%m/%y")', "month", "date().strftime('%x')", "timetuple()[:6]", "isocalendar()[1]", "ctime()")),
    (u"""
        import datetime
        try:
            d = datetime.datetime.strptime(record["date"][:10], "%Y-%m-%d")
        except Exception:
            return None
        e = d + datetime.timedelta(<span>)
        return <out>
     """, [{"span": s, "out": o} for s in ("days=365", "days=-1, hours=5", "weeks=3", "seconds=86401") for o in ('e.strftime("%Y-%m-%d")', "(e - d).days", "str(e - d)", "(e - d).total_seconds()", "e > d", "str(e)")]),
    (u"""
        from dateutil import parser
        return parser.parse(record["date"]).<out>
     """, each("out", "isoformat()", 'strftime("%Y-%m-%d")', "date().isoformat()", "year", "hour")),
    (u"""
        from dateutil.parser import parse
        try:
            return parse(record["date"], dayfirst=<d>).strftime("<f>")
        except (ValueError, OverflowError):
            return None
     """, [{"d": d, "f": f} for d in ("True", "False") for f in ("%Y-%m-%d", "%H:%M:%S")]),
    (u"""
        n = record["n"]
        return <e>
     """, each("e", "n + 1", "n * 2", "n - 1", "float(n) * 1.5", "-n", "n == 1", "n in (1, 7, None)", "n is None", "bool(n)", "str(n)", '"%s" % n', '"{}".format(n)', "[n] * 2", "n or 0", "n and 5", "float(n)", "int(n)", "abs(n)", "n // 2", "n % 3", "n ** 2", "max(n, 3)", "divmod(n, 5)", '"%05d" % n', '"%.2f" % n', '"{:,}".format(n)', '"{:>8}|".format(n)', "isinstance(n, int)", "isinstance(n, (int, float))", "repr(n)", "n != n", "type(n).__name__", "round(n, 1)", "n.__class__.__name__", "'%x' % n", "'{:.1%}'.format(n)")),
    (u"""
        a, b = record["n"], record["m"]
        return <e>
     """, each("e", "a == b", "a < b", "a > b", "a <= b", "max(a, b)", "min([a, b])", "a + b", "[a] * 2", "a - b", "sorted([a, b])", "a if a > b else b", "[a, b].index(b)", "(a, b) == (b, a)", "a / b if b else None", "a // b", "a % b", "a or b", "a and b", "cmp(a, b)", "'%s-%s' % (a, b)", "{a: 1, b: 2}.get(a)", "a is b or a != b", "sum([a, b])", "str(a) + str(b)", "a not in [b]")),
    (u"""
        items = record["items"]
        return <e>
     """, each("e", "len(items)", "items[0]", "items[-1]", "items[1:]", "items[::-1]", "sorted(items)", "sorted(items, reverse=True)", "list(reversed(items))", "max(items)", "sum(items)", "items + [1]", "items * 2", "1 in items", "items.count(3)", "list(enumerate(items))", "[x for x in items if x]", "map(str, items)", "filter(None, items)", "zip(items, items[1:])", "map(lambda x: x, items)[0]", "len(filter(lambda x: x != 3, items))", "dict(enumerate(items))", "set(items) == set(items)", "','.join(map(str, items))", "'-'.join(items)", "any(items)", "all(items)", "list(set([1, 1]))", "str(items)", "[i for i, x in enumerate(items) if x == 3]", "sorted(items, key=lambda x: str(x))", "sorted(items, key=str, reverse=True)", "range(len(items))", "range(3) + items", "items == list(items)", "items is items", "tuple(items)", "[y for x in items for y in (x if isinstance(x, list) else [x])]", "items.sort()", "items.append(5) or items", "map(None, items)", "list(map(bool, items))", "len(map(str, items)) + 1", "sorted(map(str, items))[:1]", "items and items[0] or 'none'", "isinstance(items, list)", "repr(items)")),
    (u"""
        s = value or ""
        return <e>
     """, each("e", "s.upper()", "s.title()", "s.capitalize()", "s.swapcase()", "s.strip()", "s.split()", "s.split('-')", "s.rsplit(' ', 1)", "s.partition('-')", "s.rpartition('.')[0]", "s.find('-')", "s.index('a')", "s.replace(' ', '_')", "s[:3]", "s[-3:]", "s[::-1]", "s.startswith(('B', 'A'))", "s.endswith('x')", "s.isdigit()", "s.isalpha()", "s.isupper()", "s.zfill(12)", "s.ljust(14) + '|'", "s.center(15, '*')", "s.count('a')", "len(s)", "s.lower().islower()", "'%-10s|' % s", "'%.3s' % s", "'{0:^12}'.format(str(s).strip())", "s * 2", "s + '!'", "'a' in s", "s < 'n'", "s.encode('ascii', 'ignore')", "s.encode('utf-8')", "s.encode('ascii', 'ignore').decode('ascii')", "s.encode('ascii', 'replace').upper()", "'x' + s.encode('ascii', 'ignore')", "s.encode('utf-8').decode('utf-8')", "s.decode('utf-8')", "list(s)[:2]", "''.join(c for c in s if c.isalnum())", "''.join(filter(str.isalnum, str(s)))", "filter(lambda c: c.isdigit(), s)", "s.splitlines()", "s.expandtabs(4)", "s.translate(None) if False else s", "repr(s)", "str(s)", "s.lstrip('BX0')", "'|'.join(sorted(s))", "ord(s[0])", "s.istitle()", "max(s)", "s.join(['1', '2'])", "' '.join(w.capitalize() for w in s.split())", "unicode(s).upper()", "isinstance(s, basestring)", "[ord(c) for c in s[:3]]", "s.isspace()", "s.split(None, 1)", "s.casefold()", "s.removeprefix('B')", "'%r' % s", "s.has_key('a') if False else 1", "s.strip().lower() in ('ann lee', 'x')")),
    (u"""
        first, last = record["name"].split(" ", 1)
        return <e>
     """, each("e", "last + ', ' + first", "(first[0] + last).lower()", "'%s.%s@x.org' % (first.lower(), last.lower())", "{'first': first, 'last': last}", "first.strip() or None", "'{f} {l}'.format(f=first, l=last)", "'%(first)s|%(last)s' % locals()", "[first, last][::-1]")),
    (u"""
        return "<t>" % record
     """, each("t", "%(name)s", "%(name)s at %(host)s", "%(missing)s", "%(n)s", "%%x %(mail)r")),
    (u"""
        return "<t>".format(**record)
     """, each("t", "{name}", "{name:>12}|{host}", "{missing}", "{general[name]}", "{n!r}")),
    (u"""
        return f"<t>"
     """, each("t", "{record['name']}", "{record.get('host', '?')!r:>20}", "{value}", "{len(record['name']):03d}", "{record.general.name} {record['nope']}", "{value=}")),
    (u"""
        user, domain = record.get("mail", "").strip().lower().split("@")
        return <e>
     """, each("e", "user", "domain", "domain.split('.')[-1]", "user.replace('.', ' ').title()", "'%s at %s' % (user, domain)")),
    (u"""
        if "@" not in (record.mail or ""):
            return <no>
        return record.mail.split("@")[<i>].<f>()
     """, [{"no": n, "i": i, "f": f} for n in ("None", '""', "record.name") for i in ("0", "1", "-1") for f in ("strip", "upper")]),
    (u"""
        price = record["price"]
        digits = "".join([c for c in price if c in "0123456789.,-"])
        if digits.count(",") and digits.count(".") and digits.rfind(",") > digits.rfind("."):
            digits = digits.replace(".", "").replace(",", ".")
        else:
            digits = digits.replace(",", "")
        try:
            return <e>
        except ValueError:
            return None
     """, each("e", "float(digits)", '"%.2f" % float(digits)', "int(float(digits))", "round(float(digits) * 1.19, 2)", '"{:,.2f}".format(float(digits))')),
    (u"""
        from decimal import Decimal, ROUND_HALF_UP, InvalidOperation
        try:
            d = Decimal(record["price"].replace("$", "").replace(",", ""))
        except InvalidOperation:
            return None
        return <e>
     """, each("e", "str(d)", "str(d.quantize(Decimal('0.01')))", "str(d.quantize(Decimal('1'), rounding=ROUND_HALF_UP))", "float(d * 2)", "str(d / 3)", "int(d)", "str(d + 1)", "d > 10", "'%.1f' % d", "'{:.3f}'.format(d)", "str(-d)", "str(d % 7)", "str(d // 7)", "str(d ** 2)", "repr(d.normalize())", "d == d + 0", "str(sum([d, d]))", "str(max(d, 100))", "bool(d)")),
    (u"""
        imei = "".join(c for c in record["imei"] if c.isdigit())
        if len(imei) != 15:
            return <no>
        total = 0
        for i, c in enumerate(imei):
            n = int(c)
            if i % 2 == 1:
                n *= 2
                if n > 9:
                    n -= 9
            total += n
        return <e>
     """, [{"no": n, "e": e} for n in ("None", "False") for e in ("total % 10 == 0", "imei if total % 10 == 0 else None", "imei[:8] + '-' + imei[8:]")]),
    (u"""
        v = record["version"].split(".")
        while len(v) < 3:
            v.append("0")
        return <e>
     """, each("e", "[int(x) for x in v]", '".".join(v[:2])', 'tuple(int(x) for x in v) >= (10, 15)', '"%s.%s" % (v[0], v[1])', 'v > ["10"]', "map(int, v)", "'.'.join(x.zfill(3) for x in v)")),
    (u"""
        apps = {}
        for app in record["software"]:
            apps[app["name"].lower()] = app["version"]
        return <e>
     """, each("e", 'apps["chrome"]', 'apps.get("slack", "none")', "sorted(apps)", "len(apps)", "'zoom' in apps", "apps.has_key('zoom')", "sorted(apps.items())", "apps.keys()", "sorted(apps.keys())[0]", "apps.values()[0]", "[k for k, v in sorted(apps.items()) if v is None]", "dict((v, k) for k, v in apps.items())", "dict(apps.items() + [('x', 1)])", "', '.join(sorted(apps))", "max(apps.values())", "apps.pop('chrome', None)", "list(apps.iteritems())[:1]")),
    (u"""
        names = []
        for app in record.software or []:
            if app.version and app.name not in names:
                names.append("%s %s" % (app.name, app.version))
        names.sort(<key>)
        return <e>
     """, [{"key": k, "e": e} for k in ("", "key=len", "reverse=True", "key=lambda n: n.lower(), reverse=True") for e in ('"; ".join(names)', "names[:2]", "len(names)")]),
    (u"""
        def get(d, path, default=None):
            for part in path.split("."):
                if not isinstance(d, dict) or part not in d:
                    return default
                d = d[part]
            return d
        return get(record, "<p>"<d>)
     """, [{"p": p, "d": d} for p in ("general.site.name", "general.name", "nope.x", "general.site") for d in ("", ', "?"')]),
    (u"""
        try:
            return record["general"]["site"]["<k>"]<f>
        except <e>:
            return "caught"
     """, [{"k": k, "f": f, "e": e} for k in ("id", "name", "nope") for f, e in (("", "KeyError"), (".upper()", "AttributeError"), (" + 1", "(KeyError, TypeError)"), ("[0]", "Exception"))]),
    (u"""
        try:
            x = int(record["n"])
        except TypeError:
            return "none"
        except ValueError as e:
            return "bad: " + str(e)
        else:
            return x * 2
        finally:
            x = None
     """, None),
    (u"""
        try:
            try:
                return record["<a>"]["<b>"]
            except TypeError:
                return record["<b>"]
        except KeyError as e:
            return "missing " + str(e)
     """, [{"a": a, "b": b} for a, b in (("general", "name"), ("name", "host"), ("nope", "x"), ("items", "mail"), ("tags", "tags"))]),
    (u"""
        def gen():
            for x in record["items"]:
                if x is None:
                    return
                yield x
        return <e>
     """, each("e", "list(gen())", "sum(gen())", "next(gen(), 'none')", "[x for x in gen()]", "dict.fromkeys(gen())", "sorted(gen())", "max(gen())", "','.join(str(x) for x in gen())", "list(zip(gen(), 'abc'))")),
    (u"""
        def counter():
            total = 0
            while True:
                n = yield total
                if n is None:
                    break
                total += n
        c = counter()
        next(c)
        return [c.send(1), c.send(2)]
     """, None),
    (u"""
        class Asset(object):
            kind = "<k>"
            def __init__(self, name, cost=0):
                self.name = name
                self.cost = cost
            def label(self):
                return "%s (%s)" % (self.name, self.kind)
            def __str__(self):
                return self.label()
            def __eq__(self, other):
                return self.name == other.name
        a = Asset(record["name"], cost=3)
        return <e>
     """, [{"k": k, "e": e} for k in ("laptop",) for e in ("a.label()", "str(a)", "'%s' % a", "a.cost + 1", "a == Asset(record['name'])", "a.nope", "Asset.kind", "a.__class__.__name__", "[x.label() for x in (a, a)]", "isinstance(a, Asset)", "getattr(a, 'zip', 'no')", "hasattr(a, 'name')")]),
    (u"""
        class BadData(Exception):
            pass
        class Empty(BadData):
            def __init__(self, what):
                super(Empty, self).__init__(what + " is empty")
        try:
            if not record.get("<k>"):
                raise Empty("<k>")
            if record["<k>"] == "x":
                raise BadData("x", 1)
            return record["<k>"]
        except BadData as e:
            return str(e) + "|" + e.__class__.__name__
     """, each("k", "name", "host", "tags", "nope", "n")),
    (u"""
        record["<k>"] = "changed"
        record["general"]["new"] = 1
        return [record["<k>"], record["general"].get("new"), len(record)]
     """, each("k", "name", "brand_new")),
    (u"""
        tags = record["tags"]
        tags.<f>
        return [tags, record["tags"]]
     """, each("f", "append('z')", "extend(['y', 'z'])", "insert(0, 'q')", "sort()", "reverse()", "pop()", "remove('a')")),
    (u"""
        d = dict(record)
        d.pop("items", None)
        d.update(params)
        d["x"] = value
        return <e>
     """, each("e", "sorted(d)[:3]", "len(d) - len(record)", "d.get('sep')", "'x' in record", "d['by']")),
    (u"""
        params["n"] = 1
        params.setdefault("sep", "/")
        return sorted(params.items())
     """, None),
    (u"""
        table = {
            "Mac": "Apple",
            "Windows": "Microsoft",
        }
        return table<get>
     """, each("get", '[record["general"]["platform"]]', '.get(record.general.platform, "other")', '.get(record.platform)', '.values()[0] in ("Apple", "Microsoft")')),
    (u"""
        import json
        return json.<f>
     """, each("f", 'dumps(record["general"], sort_keys=True)', 'loads(\'{"a": [1, 2.5, null, true], "b": "\\\\u00e9"}\')', 'dumps([1, 1.0, "é", None, True])', 'dumps(value)', 'loads(record["name"])', 'dumps({"b": 1, "a": [record["n"]]}, sort_keys=True, indent=2)', 'dumps(record["items"], separators=(",", ":"))', "loads('[1e3, 12345678901234567890]')")),
    (u"""
        import hashlib
        return hashlib.<h>(<v>).hexdigest()
     """, [{"h": h, "v": v} for h in ("md5", "sha1", "sha256") for v in ('record["serial"].encode("utf-8")', 'record["serial"]', "b'x'")]),
    (u"""
        import base64
        return base64.<e>
     """, each("e", 'b64encode(record["serial"].encode("utf-8")).decode()', 'b64encode(record["serial"])', 'b64decode("QUJD").decode("ascii")', 'b64decode("QUJD")', 'b64encode(b"x") + b"y"')),
    (u"""
        import unicodedata
        s = unicodedata.normalize("<f>", record["name"])
        return <e>
     """, [{"f": f, "e": e} for f in ("NFKD", "NFC") for e in ('"".join(c for c in s if not unicodedata.combining(c))', 's.encode("ascii", "ignore").decode("ascii")', "len(s)", "[unicodedata.category(c) for c in s[:4]]", 's.encode("ascii", "ignore")')]),
    (u"""
        import string
        return <e>
     """, each("e", "string.ascii_letters[:5]", "''.join(c for c in record['name'] if c in string.ascii_letters)", "string.capwords(record['name'])", "string.join(['a', 'b'], '-')", "str(record['host']).translate(string.maketrans('-_', '  '))", "string.upper(record['host'])", "record['name'].translate({ord('a'): '4', ord('e'): None})", "string.punctuation", "record['name'].translate(str.maketrans('aeiou', '12345'))", "string.zfill(record['serial'], 10)")),
    (u"""
        import uuid
        return <e>
     """, each("e", "str(uuid.uuid5(uuid.NAMESPACE_DNS, str(record['serial'])))", "uuid.uuid3(uuid.NAMESPACE_URL, 'x').hex", "str(uuid.UUID('12345678123456781234567812345678'))", "uuid.UUID(record['serial'])", "uuid.uuid5(uuid.NAMESPACE_OID, 'a').version")),
    (u"""
        from urllib.parse import quote, unquote, urlparse, urlencode, parse_qs
        return <e>
     """, each("e", "quote(record['name'])", "quote(record['mail'], safe='@')", "unquote('a%20b%C3%A9')", "urlparse('https://u:p@Host.x:8443/a/b;c?q=1&r=2#f').netloc", "urlparse('https://Host.x/a?q=1').hostname", "urlparse('//x/y').path", "urlencode([('a', 'b c'), ('d', 1)])", "parse_qs('a=1&b=2&a=3')", "list(urlparse('http://x/y?z'))")),
    (u"""
        import urllib
        return urllib.<e>
     """, each("e", "quote(str(record['host']))", "quote_plus('a b/c')", "unquote('a%20b')", "urlencode({'a': 'x y'})")),
    (u"""
        import os.path
        return os.path.<e>
     """, each("e", "basename('/a/b/c.txt')", "splitext(record['model'])", "join('a', 'b', '/c', 'd')", "dirname('/a/b/')", "normpath('/a/./b/../c//d')", "split('x/y')", "isabs('/x')", "splitext('.bashrc')[1]")),
    (u"""
        import logging
        logging.warning("looking at %s", record["name"])
        log = logging.getLogger(__name__ if False else "x")
        log.info("n is %(n)s" % record)
        return record["name"]
     """, None),
    (u"""
        import sys
        print >>sys.stderr, "value", value
        return sys.version_info[0] in (2, 3)
     """, None),
    (u"""
        from collections import <c>
        <body>
     """, [{"c": "Counter", "body": b} for b in ("return Counter(record['host']).most_common(2)", "c = Counter(a['name'] for a in record['software'])\nreturn sorted(c.items())", "return sorted((Counter('aab') + Counter('bc')).items())")] + [{"c": "OrderedDict", "body": b} for b in ("d = OrderedDict([('z', 1), ('a', 2)])\nd['b'] = 3\nreturn list(d.items())", "return OrderedDict(sorted(record['general'].items(), key=lambda t: t[0])).keys()")] + [{"c": "defaultdict", "body": b} for b in ("d = defaultdict(list)\nfor a in record['software']:\n    d[a['name'][0].upper()].append(a['version'])\nreturn sorted(d.items())", "d = defaultdict(int)\nfor c in record['host']:\n    d[c] += 1\nreturn max(d.values())")] + [{"c": "namedtuple", "body": "P = namedtuple('P', 'x y')\np = P(1, y=2)\nreturn [p.x + p.y, p._asdict()['y'], str(p), p[0], tuple(p)]"}, {"c": "deque", "body": "q = deque([1, 2, 3], maxlen=3)\nq.append(4)\nq.appendleft(0)\nreturn list(q)"}]),
    (u"""
        import itertools
        return <e>
     """, each("e", "[(k, len(list(g))) for k, g in itertools.groupby(sorted(record['host']))]", "list(itertools.chain([1], record['items']))", "list(itertools.islice(record['items'], 1, None))", "list(itertools.product('ab', [1, 2]))", "list(itertools.takewhile(lambda c: c.isalpha(), record['host']))", "list(itertools.izip([1], [2]))")),
    (u"""
        from functools import reduce, partial
        return reduce(lambda a, b: a * 10 + b, [int(c) for c in record["serial"] if c.isdigit()], 0)
     """, None),
    (u"""
        from operator import itemgetter
        return <e>
     """, each("e", "sorted(record['software'], key=itemgetter('name'))[0]['name']", "[itemgetter('name', 'version')(a) for a in record['software']]", "max(record['disks'], key=itemgetter('size'))['type']")),
    (u"""
        apps = sorted(record["software"], key=lambda a: a["<k>"]<r>)
        return [a["name"] for a in apps]
     """, [{"k": k, "r": r} for k in ("name", "version") for r in ("", ".lower()", "[0]")]),
    (u"""
        rows = [("b", 2), ("a", 2), ("c", 1), ("a", 1)]
        rows.sort(<o>)
        return rows
     """, each("o", "key=lambda r: r[1]", "key=lambda r: r[1], reverse=True", "reverse=True", "key=lambda r: -r[1]", "lambda a, b: cmp(a[1], b[1])", "cmp=lambda a, b: cmp(b[0], a[0])")),
    (u"""
        x = <a>
        return [x, x * 2, len(str(x))]
     """, each("a", "2 ** 70", "10 ** 20 + 1", "int('9' * 25)", "123456789012345678901234567890 // 7", "-(2 ** 64)", "1 << 65", "2 ** 53 + 1", "int(1e22)", "0x1FFFFFFFFFFFFFFFFF")),
    (u"""
        mem = <v>
        return <e>
     """, [{"v": v, "e": e} for v in ("17179869184", "8192", "16 * 1024 ** 3") for e in ("mem / 1024 / 1024 / 1024.0", "'%d GB' % (mem / 1073741824)", "mem // 2 ** 20", "str(mem // 1024) + ' KB'", "'%.1f' % (mem / 1024.0 ** 3)", "int(round(mem / 1e9))", "'{:,}'.format(mem)")]),
    (u"""
        n = len(record["host"])
        half = n / 2
        return [record["host"][:n // 2], <e>]
     """, each("e", "record['host'][:half]", "range(half)", "'x' * half", "[0] * half", "record['host'][half]", "half")),
    (u"""
        global seen
        seen = 0
        def add(n):
            global seen
            seen += n
            return seen
        return [add(1), add(2), seen]
     """, None),
    (u"""
        i = 0
        out = []
        while True:
            i += 1
            if i == 3:
                continue
            if i > <n>:
                break
            out.append(i)
        else:
            out.append("else")
        for x in out:
            if x == 99:
                break
        else:
            out.append("done")
        return out
     """, each("n", "2", "5", "0")),
    (u"""
        return <e>
     """, each("e", "record.general.site.name", "record.get('nope', {}).get('x', 'd')", "record['nope']", "record.get('nope')", "'nope' in record", "record.general['platform']", "record.name.upper()", "record.name and record.name.strip() or 'empty'", "[k for k in sorted(record.keys())][:3]", "len(record) > 5", "record.tags[0]", "record.items if False else 1", "(lambda x, y=2: x * y)(3)", "[x if x else y for x, y in [(0, 1), (2, 3)]]", "{k: len(str(v)) for k, v in record['general'].items() if k != 'site'}", "not record.get('tags')", "1 < 2 < 3", "None", "True and 'yes' or 'no'", "'%s' % (1,)", "'a' 'b'", "u'é'", "b'x'", "r'\\d'", "[[0] * 2 for _ in range(2)]", "{1, 2} | {3} == {1, 2, 3}", "max({'a': 1, 'b': 3}.items(), key=lambda t: t[1])[0]", "('a',) + ('b',)", "[1, 2, 3][::2]", "'abc'[::-1]", "int('0x1F', 16)", "int('077', 8)", "chr(65) + chr(97)", "`5`", "1 <> 2", "0777", "10L", "round(2.5)", "round(3.14159, 2)", "7 / 2", "-7 // 2", "-7 % 3", "str(1.0)", "str(0.1 + 0.2)", "1e3", "float('1e-7')", "[] == ()", "None < 1", "'a' < 1", "[1] < ['a']", "(1, 'a') < (1, 2)", "max([None, 3])", "sorted([3, None, 'a', 1.5])", "min('b', 1)", "' '.join(['a', u'b'])", "'%s %d%%' % ('x', 5)", "sum(x * x for x in range(4))", "zip([1, 2], 'ab')", "zip([1, 2], 'ab')[0]", "map(lambda a, b: a + b, [1], [2])", "range(5)[1:3]", "list(range(0, 10, 3))", "xrange(3)[1]", "dict(a=1, **{'b': 2})", "isinstance(True, int)", "type('') == str", "callable(len)", "getattr(record, 'name')", "any(c.isdigit() for c in record['host'])", "next((x for x in [1, 2] if x > 1), None)", "'{0} {1} {0}'.format('a', 'b')", "'{:>5}|{:<5}|{:^5}'.format('a', 'b', 'c')", "'%5s|%-5s|' % ('a', 'b')", "'{:05.1f}'.format(3.14159)", "'{:b} {:o} {:x}'.format(5, 8, 255)", "bool('False')", "'a,b,,c'.split(',')", "' a b '.split(' ')", "'a\\tb\\nc'.split()", "'Straße'.upper()", "'ﬁx'.title()", "'ǆ'.capitalize()", "'ß'.title()")),
]
