/**
 * What to write instead of what is not supported.
 *
 * @module
 */

const alone = "code sees its record and nothing else";
const fixed = "the same record must give the same result each time";

/** By what is refused, as messages name it. */
const hints: Readonly<Record<string, string>> = {
  "async": "code runs to its end at once: leave it out",
  "await": "code runs to its end at once: leave it out",
  "exec": "write the statements out",
  "except*": "write 'except'",
  "the match statement": "write 'if' and 'elif'",
  "import *": "name what is needed: 'from module import name'",
  "a relative import": "there are no files to import from: put the code here",
  "the matrix operator '@'": "write a loop or sum()",
  "'...'": "write 'pass'",
  "a slice of several dimensions": "slice the lists one by one",
  "a metaclass": "leave it out",
  "the built-in 'open'": alone,
  "the built-in 'file'": alone,
  "the built-in 'input'": alone,
  "the built-in 'raw_input'": alone,
  "the built-in 'eval'": "read data with json.loads() or ast.literal_eval()",
  "the built-in 'exec'": "write the statements out",
  "the built-in 'execfile'": "put the code here",
  "the built-in 'compile'": "write the code out",
  "the built-in '__import__'": "write 'import module'",
  "the built-in 'globals'": "name the variables",
  "the built-in 'dir'": "name what is needed, or use record.keys()",
  "the built-in 'id'": "compare with 'is'",
  "the built-in 'hash'": "write hashlib.md5(text.encode('utf-8')).hexdigest()",
  "the built-in 'exit'": "write 'return'",
  "the built-in 'quit'": "write 'return'",
  "the built-in 'apply'": "write f(*args)",
  "the built-in 'setattr'": "write object.name = value",
  "the built-in 'delattr'": "write object.name = None",
  "the built-in 'bytearray'": "use a list of numbers, or bytes",
  "the built-in 'memoryview'": "slice the bytes",
  "the built-in 'complex'": "calculate with two numbers",
  "import of 'random'": fixed + ": derive it from the record, for example with hashlib",
  "import of 'secrets'": fixed + ": derive it from the record, for example with hashlib",
  "import of 'requests'": alone + ", no network",
  "import of 'urllib2'": alone + ", no network; urllib has quote() and unquote()",
  "import of 'urllib.request'": alone + ", no network",
  "import of 'http.client'": alone + ", no network",
  "import of 'socket'": alone + ", no network",
  "import of 'subprocess'": alone + ", no programs",
  "import of 'shutil'": alone + ", no files",
  "import of 'io'": alone + ", no files; build texts with ''.join()",
  "import of 'StringIO'": alone + ", no files; build texts with ''.join()",
  "import of 'threading'": "code runs to its end at once",
  "import of 'pytz'": "local time is UTC; write datetime.timezone(datetime.timedelta(hours=1))",
  "import of 'zoneinfo'": "local time is UTC; write datetime.timezone(datetime.timedelta(hours=1))",
  "import of 'numpy'": "use lists, math and sum()",
  "import of 'pandas'": "use lists and dicts",
  "import of 'six'": "write for one version: '# language: python3' in the first line",
  "import of 'typing'": "leave the annotations out",
  "import of 'csv'": "write text.split(',')",
  "import of 'xml.etree.ElementTree'": "find the parts with re",
  "import of 'locale'": "format with '{:,}'.format(number)",
  "'os.environ'": alone + ": put the value into the configuration as a parameter",
  "'os.getenv'": alone + ": put the value into the configuration as a parameter",
  "'time.sleep'": "leave it out: each record has its time limit",
  "'uuid.uuid4'": fixed + ": write uuid.uuid5(uuid.NAMESPACE_DNS, text)",
  "'uuid.uuid1'": fixed + ": write uuid.uuid5(uuid.NAMESPACE_DNS, text)",
  "'sys.exit'": "write 'return'",
};

/** The message about something that is not supported, with what to write instead where we know. */
export function unsupportedText(what: string): string {
  const hint = Object.hasOwn(hints, what) ? hints[what] : undefined;
  return `${what} is not supported${hint === undefined ? "" : `: ${hint}`}`;
}
