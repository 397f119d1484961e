/**
 * The built-in names and modules that bodies may use.
 *
 * @module
 */

const words = (text: string): string[] => text.trim().split(/\s+/);

const exceptions = words(`
  BaseException Exception ArithmeticError AssertionError AttributeError EOFError FloatingPointError
  ImportError IndexError IOError KeyError KeyboardInterrupt LookupError MemoryError NameError
  NotImplementedError OSError OverflowError RuntimeError StopIteration SyntaxError SystemExit TypeError
  UnboundLocalError UnicodeDecodeError UnicodeEncodeError UnicodeError ValueError ZeroDivisionError
  EnvironmentError Warning UserWarning DeprecationWarning`);
const common = words(`
  abs all any bin bool bytes callable chr dict divmod enumerate filter float format frozenset getattr
  hasattr hex int isinstance issubclass iter len list classmethod locals object property staticmethod super vars map max min next oct ord pow print range repr
  reversed round set slice sorted str sum tuple type zip NotImplemented`);

/** Built-in names by version. */
export const builtinNames: Readonly<Record<2 | 3, ReadonlySet<string>>> = {
  2: new Set([
    ...exceptions,
    ...common,
    ...words("basestring cmp long reduce StandardError unichr unicode xrange"),
  ]),
  3: new Set([
    ...exceptions,
    ...common,
    ...words(
      "ascii ModuleNotFoundError RecursionError StopAsyncIteration TimeoutError PermissionError",
    ),
  ]),
};

/** The names with two underscores that bodies may use. */
export const specialNames: ReadonlySet<string> = new Set(words(`
  __class__ __future__ __name__ __doc__ __dict__ __init__ __str__ __repr__ __unicode__ __eq__ __ne__ __lt__ __le__ __gt__
  __ge__ __cmp__ __hash__ __len__ __bool__ __nonzero__ __iter__ __next__ __contains__ __getitem__ __setitem__
  __call__ __enter__ __exit__ __getattr__ __add__ __radd__ __sub__ __rsub__ __mul__ __rmul__ __mod__
  __truediv__ __div__ __floordiv__ __neg__ __and__ __or__ __xor__ __slots__`));

/** Built-ins of Python that bodies cannot have: refused at start-up. */
export const refusedBuiltins: ReadonlySet<string> = new Set(words(`
  __import__ apply breakpoint buffer bytearray coerce compile complex copyright credits delattr
  dir eval exec execfile exit file globals hash help id input intern license memoryview open
  quit raw_input reload setattr vars`));

const pathNames = new Set(words(
  "basename dirname split splitext join normpath normcase isabs commonprefix sep extsep",
));

/** Modules that bodies may import, with the names they have here. */
export const moduleNames: Readonly<Record<string, ReadonlySet<string>>> = {
  re: new Set(words(`
    A ASCII I IGNORECASE L LOCALE M MULTILINE S DOTALL U UNICODE X VERBOSE compile error escape findall
    finditer fullmatch match search split sub subn purge`)),
  json: new Set(words("dumps loads JSONDecodeError")),
  datetime: new Set(words("date datetime time timedelta timezone MINYEAR MAXYEAR UTC")),
  time: new Set(words("gmtime localtime mktime strftime strptime struct_time time")),
  calendar: new Set(words(
    "timegm monthrange isleap month_name month_abbr day_name day_abbr weekday",
  )),
  math: new Set(words(`
    ceil copysign degrees e exp fabs factorial floor fmod fsum gcd hypot inf isclose isfinite isinf isnan
    isqrt log log10 log1p log2 modf nan pi pow prod radians sqrt tau trunc sin cos tan asin acos atan
    atan2`)),
  string: new Set(words(`
    ascii_letters ascii_lowercase ascii_uppercase capwords digits hexdigits letters lowercase octdigits
    printable punctuation uppercase whitespace maketrans join split replace strip lstrip rstrip lower upper atoi
    atof find zfill capitalize`)),
  collections: new Set(words("Counter OrderedDict defaultdict namedtuple deque")),
  itertools: new Set(words(`
    accumulate chain combinations compress count cycle dropwhile filterfalse groupby ifilter
    ifilterfalse imap islice izip izip_longest permutations product repeat starmap takewhile tee
    zip_longest`)),
  functools: new Set(words("cmp_to_key partial reduce")),
  operator: new Set(words(`
    add and_ attrgetter concat contains eq floordiv ge getitem gt itemgetter le lt methodcaller mod mul ne
    neg not_ or_ sub truediv truth xor`)),
  base64: new Set(words("b64decode b64encode urlsafe_b64decode urlsafe_b64encode")),
  binascii: new Set(words("hexlify unhexlify Error")),
  hashlib: new Set(words("md5 sha1 sha256")),
  copy: new Set(words("copy deepcopy")),
  types: new Set(words(`
    BooleanType DictType FloatType IntType ListType LongType NoneType StringType StringTypes TupleType
    UnicodeType`)),
  unicodedata: new Set(words("normalize is_normalized combining category decimal digit")),
  uuid: new Set(words(
    "UUID uuid3 uuid5 NAMESPACE_DNS NAMESPACE_URL NAMESPACE_OID NAMESPACE_X500",
  )),
  decimal: new Set(words(`
    Decimal DecimalException InvalidOperation DivisionByZero ROUND_CEILING ROUND_DOWN ROUND_FLOOR
    ROUND_HALF_DOWN ROUND_HALF_EVEN ROUND_HALF_UP ROUND_UP ROUND_05UP`)),
  "urllib.parse": new Set(words(`
    quote quote_plus unquote unquote_plus urlencode urlparse urlsplit urlunparse urlunsplit urljoin parse_qs
    parse_qsl`)),
  urllib: new Set(words("quote quote_plus unquote unquote_plus urlencode parse")),
  urlparse: new Set(words(
    "urlparse urlsplit urlunparse urlunsplit urljoin parse_qs parse_qsl",
  )),
  logging: new Set(words(`
    debug info warning warn error exception critical getLogger basicConfig NOTSET DEBUG INFO WARNING WARN
    ERROR CRITICAL`)),
  os: new Set(words("path sep linesep pathsep")),
  "os.path": pathNames,
  posixpath: pathNames,
  dateutil: new Set(["parser"]),
  "dateutil.parser": new Set(words("parse isoparse ParserError")),
  arrow: new Set(words("get utcnow now Arrow")),
  sys: new Set(words("stdout stderr maxsize maxint maxunicode byteorder platform version_info")),
  contextlib: new Set(["suppress"]),
  ast: new Set(["literal_eval"]),
  html: new Set(words("escape unescape")),
  __future__: new Set(words(`
    division print_function unicode_literals absolute_import generators annotations with_statement
    nested_scopes`)),
};

/** The names that a module has here; undefined for a module that bodies may not import. */
export function moduleMembers(name: string): ReadonlySet<string> | undefined {
  return Object.hasOwn(moduleNames, name) ? moduleNames[name] : undefined;
}
