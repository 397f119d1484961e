"""Makes small random programs over what Python bodies may use, with what CPython 3 makes of them.

    python3 scripts/python_fuzz.py COUNT SEED > programs.jsonl

Each line is `{"body": …, "result": repr}` or `{"body": …, "error": type}`. `scripts/python_fuzz.ts`
compares them with the sandbox; `test/python/fuzz.jsonl` is a small sample for the tests.
"""
import json
import random
import resource
import signal
import sys

TEXTS = ["", "a", "abc", "Hello World", "x-y-z", "  pad ", "ünï", "12", "-3.5", "tab\there", "ß", "a,b;c", "%s", "{}", "A1b2", "日本", "\U0001f600x"]
METHODS = {
    "s": ["upper()", "lower()", "title()", "capitalize()", "swapcase()", "strip()", "split()", "split('-')", "split(',', 1)", "rsplit(None, 1)", "replace('a', 'bb')", "find('b')", "count('a')", "startswith('a')", "endswith(('c', 'd'))", "isdigit()", "isalpha()", "isalnum()", "isupper()", "zfill(5)", "center(7, '*')", "ljust(4)", "partition('-')", "rpartition('b')", "splitlines()", "index('a')", "join(['1', '2'])", "encode('utf-8')", "islower()", "istitle()", "isspace()", "lstrip('a')", "rstrip()", "expandtabs(3)", "casefold()", "removeprefix('a')", "format(1, 2)", "translate({97: 'q'})"],
    "l": ["copy()", "index(1)", "count(1)", "append(1)", "extend([2])", "pop()", "insert(0, 5)", "reverse()", "sort()", "remove(1)", "sort(reverse=True)", "clear()", "sort(key=str)"],
    "d": ["keys()", "values()", "items()", "get('a')", "get('zz', 0)", "pop('a', None)", "setdefault('q', [])", "copy()", "update(z=1)", "popitem()", "update({'a': 9})"],
}
FUNCTIONS = ["len", "str", "repr", "int", "float", "bool", "list", "tuple", "sorted", "sum", "min", "max", "abs", "any", "all", "reversed", "type", "dict", "ord", "chr", "round", "hex", "bin", "enumerate", "iter", "next", "callable", "divmod"]
FORMATS = ["%s", "%r", "%d", "%5.1f", "%x", "%-6s|", "%05d", "%e", "%g", "%c", "%%", "%+d", "%10s", "%.2s", "%o"]
SPECS = ["", ">6", "<6", "^7", "05d", ".2f", ",", "x", "e", "%", "s", "+", "*^9", "b", "10.3f", "_", "g", "#x", "c", ".3", "=+6"]
OPS = ["+", "-", "*", "/", "//", "%", "&", "|", "^"]
COMPARE = ["==", "!=", "<", "<=", ">", ">=", "in", "not in", "is", "is not"]


class Maker(object):
    def __init__(self, rng):
        self.rng = rng
        self.depth = 0
        self.names = ["v0", "v1"]
        self.loops = 0
        self.funcs = []

    def pick(self, *choices):
        return self.rng.choice(choices)

    def expr(self):
        self.depth += 1
        try:
            if self.depth > 4 or self.rng.random() < 0.25:
                return self.atom()
            return getattr(self, self.pick("binary", "binary", "compare", "logic", "unary", "call", "call", "method", "method", "index", "slice", "display", "display", "comp", "choice", "percent", "fstring", "format", "lambda_", "attribute", "star", "use"))()
        finally:
            self.depth -= 1

    def atom(self):
        r = self.rng
        return r.choice([
            lambda: str(r.choice([0, 1, 2, 3, 7, -1, 10, 255, 1000, 2 ** 31, 2 ** 53, 2 ** 64, -5])),
            lambda: repr(r.choice([0.0, 1.0, 1.5, -2.5, 0.1, 3.14159, 1e10, 1e-5, 100.0, 2.675])),
            lambda: repr(r.choice(TEXTS)), lambda: repr(r.choice(TEXTS)),
            lambda: r.choice(["None", "True", "False"]),
            lambda: r.choice(self.names), lambda: r.choice(self.names), lambda: r.choice(self.names),
            lambda: r.choice(["[]", "{}", "()", "[1, 2, 3]", "{'a': 1, 'b': [2]}", "(1, 'x')", "[3, 1, 2]", "['b', 'a']", "b'ab'"]),
        ])()

    def binary(self):
        return "(%s %s %s)" % (self.expr(), self.rng.choice(OPS), self.expr())

    def compare(self):
        if self.rng.random() < 0.15:
            return "(%s < %s <= %s)" % (self.expr(), self.expr(), self.expr())
        op = self.rng.choice(COMPARE)
        right = self.pick("None", "True", "False") if op in ("is", "is not") else self.expr()
        return "(%s %s %s)" % (self.expr(), op, right)

    def logic(self):
        return "(%s %s %s)" % (self.expr(), self.pick("and", "or"), self.expr())

    def unary(self):
        return "(%s%s)" % (self.pick("-", "+", "~", "not "), self.expr())

    def call(self):
        name = self.rng.choice(FUNCTIONS)
        count = 2 if name in ("divmod",) else self.rng.choice([1, 1, 1, 1, 2, 0])
        if name == "sorted" and self.rng.random() < 0.4:
            return "sorted(%s, key=%s, reverse=%s)" % (self.expr(), self.pick("str", "len", "repr", "None"), self.pick("True", "False"))
        if name in ("min", "max") and self.rng.random() < 0.3:
            return "%s(%s, default=%s)" % (name, self.expr(), self.atom())
        if name in ("type",):
            return "type(%s).__name__" % self.expr()
        if name == "reversed" or name == "enumerate" or name == "iter":
            return "list(%s(%s))" % (name, self.expr())
        return "%s(%s)" % (name, ", ".join(self.expr() for _ in range(count)))

    def use(self):
        if not self.funcs:
            return self.call()
        name, count = self.rng.choice(self.funcs)
        return "%s(%s)" % (name, ", ".join(self.expr() for _ in range(count)))

    def method(self):
        kind = self.pick("s", "s", "l", "d")
        target = self.expr() if self.rng.random() < 0.7 else {"s": repr(self.rng.choice(TEXTS)), "l": "[1, 2, 1]", "d": "{'a': 1}"}[kind]
        text = "%s.%s" % (target if target[0] in "([{'\"v" else "(%s)" % target, self.rng.choice(METHODS[kind]))
        return "list(%s)" % text if text.endswith(("keys()", "values()", "items()")) and self.rng.random() < 0.5 else text

    def index(self):
        return "%s[%s]" % (self.wrapped(), self.pick("0", "-1", "1", "'a'", self.expr()))

    def wrapped(self):
        text = self.expr()
        return text if text[0] in "([{v" else "(%s)" % text

    def slice(self):
        bound = lambda: self.pick("", "0", "1", "-1", "2", "None", self.atom())
        step = self.pick("", "", ":2", ":-1", ":1", ":%s" % self.atom())
        return "%s[%s:%s%s]" % (self.wrapped(), bound(), bound(), step)

    def display(self):
        items = [self.expr() for _ in range(self.rng.choice([1, 2, 3]))]
        return self.rng.choice([
            lambda: "[%s]" % ", ".join(items),
            lambda: "(%s,)" % ", ".join(items),
            lambda: "{%s}" % ", ".join("%s: %s" % (repr(self.rng.choice("abc")), item) for item in items),
            lambda: "sorted({%s})" % ", ".join(items),
            lambda: "len({%s})" % ", ".join(items),
        ])()

    def comp(self):
        name = self.pick("i", "j")
        source = self.pick("range(4)", "'abc'", "[1, 2, 3]", self.expr())
        self.names.append(name)
        element, test = self.expr(), self.expr()
        self.names.remove(name)
        tail = " if %s" % test if self.rng.random() < 0.3 else ""
        form = self.pick("[%s for %s in %s%s]", "list(%s for %s in %s%s)", "sum(%s for %s in %s%s)", "any(%s for %s in %s%s)", "tuple(%s for %s in %s%s)", "','.join(str(%s) for %s in %s%s)")
        return form % (element, name, source, tail)

    def choice(self):
        return "(%s if %s else %s)" % (self.expr(), self.expr(), self.expr())

    def percent(self):
        count = self.rng.choice([1, 1, 2])
        text = " ".join(self.rng.choice(FORMATS) for _ in range(count))
        args = [self.expr() for _ in range(max(1, count - text.count("%%")))]
        return "(%r %% (%s,))" % (text, ", ".join(args))

    def fstring(self):
        return "format(%s, %r)" % (self.expr(), self.rng.choice(SPECS))

    def format(self):
        return "'{:%s}|{!r}|{}'.format(%s, %s, %s)" % (self.rng.choice(SPECS), self.expr(), self.expr(), self.expr())

    def lambda_(self):
        self.names.append("q")
        body = self.expr()
        self.names.remove("q")
        return "(lambda q, r=2: %s)(%s)" % (body, self.expr())

    def attribute(self):
        # Other attributes of None are None here, for the sake of records.
        return "%s.__class__.__name__" % self.wrapped()

    def star(self):
        return "[*%s, %s]" % (self.wrapped(), self.atom())

    def block(self, level, pad):
        return [line for _ in range(self.rng.choice([1, 1, 2])) for line in self.statement(level, pad)]

    def statement(self, level, pad):
        kind = self.pick("assign", "assign", "assign", "augment", "if", "for", "while", "try", "def", "set", "unpack", "expr", "gen", "del", "class") if level < 2 else self.pick("assign", "augment", "set", "expr")
        r = self.rng
        if kind == "assign":
            value = self.expr()
            name = r.choice(["v0", "v1", "v2", "v3"])
            if name not in self.names:
                self.names.append(name)
            return ["%s%s = %s" % (pad, name, value)]
        if kind == "augment":
            return ["%s%s %s= %s" % (pad, r.choice(["v0", "v1"]), r.choice(["+", "-", "*", "|", "//", "%"]), self.expr())]
        if kind == "set":
            return ["%s%s[%s] = %s" % (pad, r.choice(["v0", "v1"]), self.pick("0", "'a'", "-1", self.expr()), self.expr())]
        if kind == "unpack":
            return ["%s%s = %s" % (pad, self.pick("v0, v1", "(v0, v1)", "v0, *v1", "[v0, v1]"), self.expr())]
        if kind == "expr":
            return ["%s%s" % (pad, self.expr())]
        if kind == "del":
            return ["%sdel %s[%s]" % (pad, r.choice(["v0", "v1"]), self.pick("0", "'a'", "0:1"))]
        if kind == "if":
            lines = ["%sif %s:" % (pad, self.expr())] + self.block(level + 1, pad + "  ")
            if r.random() < 0.5:
                lines += ["%selif %s:" % (pad, self.expr())] + self.block(level + 1, pad + "  ")
            if r.random() < 0.5:
                lines += ["%selse:" % pad] + self.block(level + 1, pad + "  ")
            return lines
        if kind == "for":
            return ["%sfor v1 in %s:" % (pad, self.pick("range(3)", "'ab'", "[1, 'x']", self.expr()))] + self.block(level + 1, pad + "  ") + (["%s  %s" % (pad, self.pick("break", "continue", "pass"))] if r.random() < 0.3 else []) + (["%selse:" % pad, "%s  v0 = [v0]" % pad] if r.random() < 0.2 else [])
        if kind == "while":
            self.loops += 1
            name = "n%d" % self.loops
            return ["%s%s = 0" % (pad, name), "%swhile %s < 3:" % (pad, name), "%s  %s += 1" % (pad, name)] + self.block(level + 1, pad + "  ")
        if kind == "try":
            lines = ["%stry:" % pad] + self.block(level + 1, pad + "  ")
            lines += ["%sexcept %s:" % (pad, self.pick("TypeError", "ValueError as e", "(KeyError, IndexError)", "Exception as e", "AttributeError", "ZeroDivisionError", "LookupError"))] + self.block(level + 1, pad + "  ")
            if r.random() < 0.3:
                lines += ["%selse:" % pad] + self.block(level + 1, pad + "  ")
            if r.random() < 0.3:
                lines += ["%sfinally:" % pad] + self.block(level + 1, pad + "  ")
            return lines
        if kind == "class":
            return ["%sclass C(object):" % pad, "%s  k = %s" % (pad, self.atom()), "%s  def __init__(self, x):" % pad, "%s    self.x = x" % pad, "%s  def get(self, y=1):" % pad, "%s    return (self.x, self.k, y)" % pad, "%sv0 = C(%s).get(%s)" % (pad, self.expr(), self.pick("", "y=2", self.atom()))]
        name = "f%d" % len(self.funcs)
        outer = self.names[:]
        self.names = outer + ["a", "b"]
        if kind == "gen":
            lines = ["%sdef %s(a):" % (pad, name), "%s  for b in a:" % pad, "%s    yield %s" % (pad, self.expr()), "%sv0 = list(%s(%s))" % (pad, name, self.pick("[1, 2]", "'ab'", "range(3)"))]
            self.names = outer
            return lines
        body = ["%s  return %s" % (pad, self.expr())]
        lines = ["%sdef %s(a, b=%s):" % (pad, name, self.atom())] + body
        self.names = outer
        self.funcs.append((name, 1))
        return lines + ["%sv0 = %s(%s)" % (pad, name, self.pick("v0", "1", "a=2", "'x', 3", "b=1, a=v1", "*[1, 2]", "**{'a': 1}"))]

    def program(self):
        lines = ["v0 = %s" % self.atom(), "v1 = %s" % self.atom()]
        for _ in range(self.rng.choice([1, 2, 3, 4])):
            lines += self.statement(0, "")
        return "\n".join(lines + ["return [v0, v1, %s]" % self.expr()])


def has_unstable(value, depth=0):
    """Texts of objects hold addresses; sets have no order."""
    if depth > 8:
        return True
    if isinstance(value, (list, tuple)):
        return any(has_unstable(item, depth + 1) for item in value)
    if isinstance(value, dict):
        return any(has_unstable(item, depth + 1) for pair in value.items() for item in pair)
    if isinstance(value, int) and not isinstance(value, bool):
        return abs(value) > 10 ** 60
    return not isinstance(value, (type(None), bool, int, float, str, bytes))


class Timeout(BaseException):
    pass


def stop(*_):
    raise Timeout()


def run(body):
    scope = {}
    code = "def body():\n%s\n" % "\n".join("  " + line for line in body.split("\n"))
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    try:
        exec(compile(code, "body", "exec", 0, True), scope)
        value = scope["body"]()
        text = repr(value)
        if has_unstable(value) or " at 0x" in text or len(text) > 2000 or "built-in" in text or "<" in text and "object" in text:
            return None
        return {"body": body, "result": text}
    except (SyntaxError, RecursionError, MemoryError, Timeout):
        return None
    except Exception as error:
        return {"body": body, "error": type(error).__name__}
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def main():
    import warnings
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_AS, (500000000, 500000000))
    signal.signal(signal.SIGALRM, stop)
    count, seed = int(sys.argv[1]), int(sys.argv[2])
    rng = random.Random(seed)
    made = 0
    while made < count:
        outcome = run(Maker(rng).program())
        # Programs that fail say less than others: keep a part of them.
        if outcome is None or ("error" in outcome and rng.random() < 0.7):
            continue
        made += 1
        print(json.dumps(outcome))


main()
