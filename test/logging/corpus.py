"""Writes log_corpus.json: what Python's own logging does with configurations drawn at random.

python3 test/logging/corpus.py > test/logging/corpus.json
"""
import json
import os
import random
import subprocess
import sys
import tempfile
import time

LOGGERS = ["a", "a.b", "a.b.c", "a.bc", "ab", "d", "d.e", "suds"]
LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL", "NOTSET", 0, 15, 35]
FORMATS = [
    "%(name)s|%(levelname)-8s|%(message)s|%(levelno)04d",
    "%(levelname)8s %(name).3s %(message)-20s|",
    "%(message)s",
    "%(processName)s %(threadName)s 100%% %(levelname)s %(message)s",
]
CLASSES = [
    "logging.StreamHandler",
    "lib.config.RotateHandler",
    "logging.handlers.RotatingFileHandler",
    "logging.FileHandler",
    "logging.NullHandler",
]
TIMES = ["%Y-%m-%d %H:%M:%S", "%a %A %b %B %d %e %j %u %w", "%c|%x|%X|%D|%F|%T|%R", "%I:%M %p %y %z %%", "%-d/%-m %-H %h %s"]
ZONES = ["UTC", "America/New_York", "Asia/Kolkata", "Pacific/Auckland"]

# Runs in a process of its own, since logging is configured once for all. The connector's handler
# is Python's rotating one as far as a configuration can tell.
CHILD = """
import json, logging.config, logging.handlers, sys, types
for name in ("lib", "lib.config"):
    sys.modules[name] = types.ModuleType(name)
sys.modules["lib"].config = sys.modules["lib.config"]
sys.modules["lib.config"].RotateHandler = logging.handlers.RotatingFileHandler
config, lines = json.load(sys.stdin)
logging.config.dictConfig(config)
for name, level, message in lines:
    getattr(logging.getLogger(name), level)("%s", message)
"""


def handler(number):
    settings = {"class": random.choice(CLASSES)}
    if random.random() < 0.6:
        settings["level"] = random.choice(LEVELS)
    if random.random() < 0.8:
        settings["formatter"] = random.choice(["f0", "f1"])
    if "Rotat" in settings["class"]:
        settings.update(
            filename=f"rotating{number}.log",
            maxBytes=random.choice([0, 60, 100, 300]),
            backupCount=random.choice([0, 1, 2, 5]),
            encoding="utf8",
        )
    elif "File" in settings["class"]:
        settings.update(filename=f"plain{number}.log", mode=random.choice("aw"))
    elif "Stream" in settings["class"] and random.random() < 0.7:
        settings["stream"] = random.choice(["ext://sys.stdout", "ext://sys.stderr"])
    return settings


def logger(handlers, is_root):
    settings = {}
    if random.random() < 0.8:
        settings["level"] = random.choice(LEVELS)
    if random.random() < 0.8:
        settings["handlers"] = random.sample(handlers, random.randint(0, len(handlers)))
    if not is_root and random.random() < 0.5:
        settings["propagate"] = random.choice([True, False])
    return settings


def configuration():
    handlers = {f"h{n}": handler(n) for n in range(random.randint(1, 4))}
    names = random.sample(LOGGERS, random.randint(0, 5))
    config = {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {id: {"format": random.choice(FORMATS)} for id in ("f0", "f1")},
        "handlers": handlers,
        "loggers": {name: logger(list(handlers), False) for name in names},
    }
    if random.random() < 0.8:
        config["root"] = logger(list(handlers), True)
    return config


def run(config):
    levels = ["debug", "info", "warning", "error"]
    lines = [
        [random.choice(LOGGERS + ["other"]), random.choice(levels), f"line {n} " + "e" * random.randint(0, 6)]
        for n in range(15)
    ]
    with tempfile.TemporaryDirectory() as folder:
        for name in ("plain0.log", "rotating0.log"):
            with open(os.path.join(folder, name), "w") as file:
                file.write("old\n")
        child = subprocess.run(
            [sys.executable, "-c", CHILD],
            input=json.dumps([config, lines]),
            capture_output=True,
            text=True,
            cwd=folder,
            check=True,
        )
        files = {name: open(os.path.join(folder, name)).read() for name in sorted(os.listdir(folder))}
    return {"config": config, "lines": lines, "stdout": child.stdout, "stderr": child.stderr, "files": files}


def moments():
    for zone in ZONES:
        os.environ["TZ"] = zone
        time.tzset()
        for seconds in (0, 951_782_399, 1_700_000_000, 1_782_864_000):
            for format in TIMES:
                yield [zone, seconds, format, time.strftime(format, time.localtime(seconds))]


random.seed(10)
cases = [run(configuration()) for _ in range(40)]
rows = ",\n".join(json.dumps(case) for case in cases)
times = ",\n".join(json.dumps(moment) for moment in moments())
print(f'{{"cases": [\n{rows}\n], "times": [\n{times}\n]}}')
