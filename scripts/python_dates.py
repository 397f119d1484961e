"""Makes programs that use arrow and dateutil.parser, with what the real libraries make of them.

    python3 scripts/python_dates.py SEED > test/python/dates.jsonl

It needs arrow 1.2 and python-dateutil 2.8 (Debian: python3-arrow, python3-dateutil). Each line is as
`scripts/python_fuzz.py` writes it. "Now" is 2024-03-01 12:00 UTC, as in the tests.
"""
import datetime
import json
import random
import sys

import arrow
import arrow.factory
import dateutil.parser
import dateutil.parser._parser as parser_module

NOW = datetime.datetime(2024, 3, 1, 12, 0, 0)


class FrozenDateTime(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(*NOW.timetuple()[:6])


class FrozenModule(object):
    datetime = FrozenDateTime

    def __getattr__(self, name):
        return getattr(datetime, name)


parser_module.datetime = FrozenModule()
for parser in (parser_module.DEFAULTPARSER,):
    parser.info._year, parser.info._century = 2024, 2000

ISO = [
    "2024-02-29", "20240229", "2024-02", "2024", "2024-060", "2024060", "2024-W09-4", "2024W094", "2024-W09",
    "2024-02-29T13", "2024-02-29T13:05", "2024-02-29T13:05:09", "2024-02-29 13:05:09", "2024-02-29T130509",
    "2024-02-29T13:05:09.1", "2024-02-29T13:05:09.123456", "2024-02-29T13:05:09.1234567", "2024-02-29T13:05:09.9999999",
    "2024-02-29T13:05:09Z", "2024-02-29T13:05:09+02:00", "2024-02-29T13:05:09-0530", "2024-02-29T13:05:09+02",
    "2024-02-29T13:05:09.5Z", "2024-02-29T13:05:09.123456+01:00", "2024-02-29 13:05:09 +02:00", "2024-02-29T24:00:00",
    "2024-02-29T13:05:09,123", "1969-12-31T23:59:59Z", "0001-01-01", "9999-12-31T23:59:59.999999", "2023-02-29",
    "2024-13-01", "2024-02-30", "2024-02-29T25:00:00", "2024-02-29T13:60:00", "29.02.2024", "02/29/2024", "", " ",
    "tomorrow", "2024-2-9", "2024-02-29T", "2024-02-29x", "2024-02-29T13:05:09.", "(2024-02-29)", "2024-02-29,", "2024-02-29T13:05:09 UTC",
    " 2024-02-29", "2024-02-29 ", "2024/02/29", "2024.02.29", "24-02-29", "2024-02-29T13:05:09+2",
]
WITH_FORMAT = [
    ("29.02.2024", "DD.MM.YYYY"), ("02/29/2024", "MM/DD/YYYY"), ("2/9/24", "M/D/YY"), ("2/9/69", "M/D/YY"),
    ("2/9/68", "M/D/YY"), ("29 Feb 2024", "DD MMM YYYY"), ("29 FEBRUARY 2024", "DD MMMM YYYY"),
    ("Feb 29th, 2024", "MMM Do, YYYY"), ("March 1st 2024", "MMMM Do YYYY"), ("Thu 29 Feb 2024", "ddd DD MMM YYYY"),
    ("Thursday, 29 February 2024", "dddd, DD MMMM YYYY"), ("2024-02-29 13:05:09", "YYYY-MM-DD HH:mm:ss"),
    ("2024-02-29 01:05 PM", "YYYY-MM-DD hh:mm A"), ("2024-02-29 1:5 am", "YYYY-MM-DD h:m a"),
    ("2024-02-29 12:05 AM", "YYYY-MM-DD hh:mm A"), ("2024-02-29 12:05 PM", "YYYY-MM-DD hh:mm A"),
    ("2024-02-29 13:05:09.123", "YYYY-MM-DD HH:mm:ss.SSS"), ("2024-02-29 13:05:09.12", "YYYY-MM-DD HH:mm:ss.S"),
    ("2024-02-29 13:05:09 +0200", "YYYY-MM-DD HH:mm:ss Z"), ("2024-02-29 13:05:09 -05:30", "YYYY-MM-DD HH:mm:ss ZZ"),
    ("1709294400", "X"), ("1709294400.25", "X"), ("1709294400123", "x"), ("1709294400123456", "x"),
    ("2024-060", "YYYY-DDDD"), ("2024 60", "YYYY DDD"), ("2024-W09-4", "W"), ("seen 29.02.2024 ok", "DD.MM.YYYY"),
    ("29.02.2024x", "DD.MM.YYYY"), ("2024-02-29", "DD.MM.YYYY"), ("31.02.2024", "DD.MM.YYYY"), ("", "YYYY"),
    ("2024-02-29T13:05", "YYYY-MM-DDTHH:mm"), ("2024-02-29 at 13:05", "YYYY-MM-DD [at] HH:mm"), ("13:05", "HH:mm"),
    ("02-2024", "MM-YYYY"), ("2024", "YYYY"), ("29.02.2024 25:00", "DD.MM.YYYY HH:mm"), ("Februar 2024", "MMMM YYYY"),
    ("20240229130509", "YYYYMMDDHHmmss"), ("Jan  5, 2024", "MMM D, YYYY"), ("5/6/2024 7:08:09 PM", "M/D/YYYY h:mm:ss A"),
]
FORMATS = [
    "YYYY-MM-DD", "YY/M/D", "DD.MM.YYYY HH:mm:ss", "MMMM Do, YYYY", "MMM DDDD DDD", "dddd ddd d", "hh:mm A", "h:m a", "H:m:s",
    "SSSSSS SSS S", "x", "ZZ Z", "W", "[Week] W", "YYYY-MM-DDTHH:mm:ssZZ", "[escaped YYYY] YYYY", "Do Do", "SSSSS SSSS SS",
    "YYYY\\-MM", "A a", "ZZZ", "no tokens? q", "DD/MM/YY HH:mm", "Q", "YYYYMMDD", "mm m ss s", "w",
]
MOMENTS = [
    "arrow.get('2024-02-29T13:05:09.123456+02:00')", "arrow.get(2023, 12, 31, 23, 59, 59)", "arrow.get('2021-01-03')",
    "arrow.get(0)", "arrow.get('1999-07-21T00:00:00-07:30')", "arrow.get(1709294400.75)", "arrow.get('2024-03-11T12:00:00Z')",
    "arrow.get(datetime.datetime(2024, 5, 6, 7, 8, 9))", "arrow.get(datetime.date(2024, 5, 31))", "arrow.get(1709294400123)", "arrow.get(1709294400123456)", "arrow.get(-1)", "arrow.Arrow(2020, 8, 22, 1)",
]
SHIFTS = ["days=1", "days=-1", "months=1", "months=-1", "years=-4", "years=1", "weeks=2", "hours=36", "minutes=-90", "seconds=3601",
          "microseconds=1", "quarters=1", "quarters=-3", "months=13, days=-1", "days=1.5", "hours=-0.5", "years=8000", "weekday=0", "nothing=1", ""]
REPLACES = ["day=1", "month=2", "year=2023", "hour=0, minute=0, second=0", "microsecond=0", "tzinfo='+05:30'", "tzinfo='UTC'", "day=31",
            "month=13", "color=1", "year=2000, month=2, day=29"]
FRAMES = ["year", "month", "week", "day", "hour", "minute", "second", "quarter", "years", "months", "nothing"]
FIELDS = ["year", "month", "day", "hour", "minute", "second", "microsecond", "week", "quarter", "int_timestamp", "float_timestamp",
          "timestamp()", "weekday()", "isoweekday()", "date()", "time()", "naive", "datetime.isoformat()", "isoformat()", "isoformat(' ')",
          "isocalendar()[1]", "timetuple()[7]", "toordinal()", "utcoffset()", "tzinfo.utcoffset(None)", "ctime()", "for_json()", "dst()", "tzname()",
          "strftime('%d/%m/%y %H:%M %j')", "__class__.__name__", "is_between(arrow.get(0), arrow.get(2000000000))"]
ZONES = ["'UTC'", "'+02:00'", "'-0800'", "'utc'", "'local'", "'+05'", "'nowhere'"]
OTHERS = ["arrow.get('2024-01-01')", "datetime.timedelta(days=1, seconds=5)", "datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)", "1", "'x'"]
DATES = [
    "2024-02-29", "02/29/2024", "29/02/2024", "2/3/2024", "2/3/24", "2.3.2024", "03-04-05", "20240229", "20240229T130509", "20240229130509",
    "Feb 29, 2024", "29 February 2024", "29th of February 2024", "Thu Feb 29 13:05:09 2024", "Thu, 29 Feb 2024 13:05:09 GMT",
    "Thu, 29 Feb 2024 13:05:09 +0200", "2024-02-29T13:05:09Z", "2024-02-29T13:05:09.123Z", "2024-02-29 13:05:09.123456789", "2024-02-29T13:05:09+05:30",
    "1:05 PM", "13:05", "1pm", "10h36m", "10h36m28.5s", "Feb 2024", "February", "Mar 5", "5 Mar", "Friday", "Fri 1pm", "2024", "1/2", "2024/2/9",
    "12/25/99", "99-12-25", "Dec 25 '99", "3rd of May 2001", "May 5th, 2024 at 5:03 am", "2024-02-29 13:05:09 PST", "", "nonsense", "32/13/2024",
    "2024-02-30", "2024-13-01", "25:00", "13:65", "0", "1709294400", "2024.02.29", "29-Feb-2024", "29-Feb-24", "Feb-29-2024", "2024-Feb-29",
    "10/11/12", "31/12/2024", "12:00 am", "12:00 pm", "2024-02-29 24:00", "2024-02-29T13:05", "2024-060", "  2024-02-29  ",
    "11/30/2024 7:08:09 PM", "Sat Oct 11 17:13:46 UTC 2003", "2003-09-25T10:49:41.5-03:00", "Sep 25 2003", "10-09-2003", "199709020908", "19970902090807",
    "July 4, 1976 12:01:02 AM", "0:01:02 on July 4, 1976", "1976-07-04T00:01:02Z", "12h 01m02s am", "04.04.95 00:22", "950404 122212", "1st", "on the 3rd",
    "Wed, July 10, '96", "1996.07.10 AD at 15:08:56 PDT", "25-12-2024 GMT", "2024-02-29 10:00 UTC+3", "2024-02-29 10:00:00.000 (UTC)",
    "Thu Feb 29 2024 13:05:09 GMT+0100 (CET)", "2024-02-29 13:05 GMT +02:00", "2024-02-29 13:05 EST-0500", "2024-02-29 13:05 -0500 (EST)",
    "2024-02-29 13:05:09+2", "Thursday 29 February 2024 01:05 PM", "29 Feb 2024 13h05",
]
OPTIONS = ["", "", "dayfirst=True", "yearfirst=True", "dayfirst=True, yearfirst=True", "fuzzy=True", "default=datetime.datetime(2001, 2, 3, 4, 5, 6)"]
FUZZY = ["Bought on 2024-02-29 in Rome", "Today is 25 of September of 2003, exactly at 10:49:41 with timezone -03:00", "warranty until Feb 5, 2026", "seen: 12/25/99 5pm!"]
HEAD = "import arrow, datetime\nfrom dateutil import parser\n"


def expressions(rng):
    for text in ISO:
        yield "arrow.get(%r)" % text
    for text, pattern in WITH_FORMAT:
        yield "arrow.get(%r, %r)" % (text, pattern)
        yield "arrow.get(%r, [%r, 'YYYY-MM-DD'])" % (rng.choice([text, "2024-02-29"]), pattern)
    for pattern in FORMATS:
        for moment in rng.sample(MOMENTS, 3):
            yield "%s.format(%r)" % (moment, pattern)
    for moment in MOMENTS:
        yield moment
        yield "repr(%s)" % moment
        yield "%s.format()" % moment
    for shift in SHIFTS:
        for moment in rng.sample(MOMENTS, 3):
            yield "%s.shift(%s)" % (moment, shift)
    for change in REPLACES:
        for moment in rng.sample(MOMENTS, 3):
            yield "%s.replace(%s)" % (moment, change)
    for frame in FRAMES:
        for name in ("floor", "ceil"):
            for moment in rng.sample(MOMENTS, 2):
                yield "%s.%s(%r)" % (moment, name, frame)
    for field in FIELDS:
        for moment in rng.sample(MOMENTS, 2):
            yield "%s.%s" % (moment, field)
    for zone in ZONES:
        for moment in rng.sample(MOMENTS, 3):
            yield "%s.to(%s)" % (moment, zone)
    for other in OTHERS:
        for op in ("-", "+", "<", "==", ">="):
            yield "(%s %s %s)" % (rng.choice(MOMENTS), op, other)
    yield "arrow.utcnow()"
    for text in DATES:
        for options in {"", rng.choice(OPTIONS), rng.choice(OPTIONS)}:
            yield "parser.parse(%r%s)" % (text, ", " + options if options else "")
    for text in FUZZY:
        yield "parser.parse(%r, fuzzy=True)" % text
        yield "parser.parse(%r)" % text
    for text in ISO:
        yield "parser.isoparse(%r)" % text


def run(body):
    scope = {}
    exec("def body():\n%s\n" % "\n".join("  " + line for line in body.split("\n")), scope)
    try:
        return {"body": body, "result": repr(scope["body"]())}
    except Exception as error:
        # Which of its own errors it is matters to nobody: all are ValueErrors.
        kind = "ValueError" if isinstance(error, ValueError) else type(error).__name__
        return {"body": body, "error": kind}


def main():
    rng = random.Random(int(sys.argv[1]))
    arrow.utcnow = lambda: arrow.Arrow.fromdatetime(NOW, "UTC")
    done = set()
    for expression in expressions(rng):
        body = HEAD + "try:\n  return str(%s)\nexcept ValueError:\n  raise ValueError()" % expression
        if body not in done:
            done.add(body)
            print(json.dumps(run(body)))


main()
