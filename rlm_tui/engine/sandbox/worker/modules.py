"""What ``import`` gives: a stand-in for each allowed module, with vetted names only.

A name is here when it neither looks attributes up by a name it is given, nor reaches files, processes, the network or
the interpreter, nor hands out a module. Where the standard function does, a function of ours stands in its place.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

from rlm_tui.engine.sandbox.worker import aio, hints, pools
from rlm_tui.engine.sandbox.worker.asyncfacade import asyncio_members
from rlm_tui.engine.sandbox.worker.chance import Chance
from rlm_tui.engine.sandbox.worker.classes import UserClasses
from rlm_tui.engine.sandbox.worker.copying import Copier
from rlm_tui.engine.sandbox.worker.datacls import Dataclasses
from rlm_tui.engine.sandbox.worker.facade import Facade, add_member, members
from rlm_tui.engine.sandbox.worker.guards import Guards
from rlm_tui.engine.sandbox.worker.moments import datetime_members, sleep, time_members
from rlm_tui.engine.sandbox.worker.objects import UserDict, UserList
from rlm_tui.engine.sandbox.worker.standins import Standins
from rlm_tui.engine.sandbox.worker.trees import tree_members
from rlm_tui.engine.sandbox.worker.xmltrees import sax_members, xml_members

_ALL = "*"
"""Every public name of a C module whose functions are all harmless."""

NAMES: dict[str, str] = {
    "re": "compile search match fullmatch findall finditer sub subn split escape purge I IGNORECASE M MULTILINE S DOTALL X "
    "VERBOSE A ASCII U UNICODE L LOCALE NOFLAG error Pattern Match RegexFlag",
    "json": "loads dumps JSONDecodeError JSONEncoder JSONDecoder",
    "json.decoder": "JSONDecodeError JSONDecoder",
    "json.encoder": "JSONEncoder",
    "math": _ALL,
    "cmath": _ALL,
    "statistics": "mean fmean median median_low median_high median_grouped mode multimode pstdev pvariance stdev variance "
    "quantiles geometric_mean harmonic_mean correlation covariance linear_regression NormalDist StatisticsError",
    "collections": "Counter defaultdict OrderedDict deque ChainMap",
    "collections.abc": "Iterable Iterator Mapping Sequence Callable Sized Container Hashable Set MutableMapping "
    "MutableSequence MutableSet Collection Generator Reversible KeysView ValuesView ItemsView Awaitable Coroutine AsyncIterator AsyncIterable AsyncGenerator MappingView",
    "itertools": _ALL,
    "functools": "reduce partial partialmethod lru_cache cache cmp_to_key cached_property",
    "string": "ascii_letters ascii_lowercase ascii_uppercase digits hexdigits octdigits punctuation printable whitespace "
    "capwords Template",
    "textwrap": "dedent fill indent shorten wrap TextWrapper",
    "heapq": "heappush heappop heapify heapreplace heappushpop nlargest nsmallest merge",
    "bisect": "bisect bisect_left bisect_right insort insort_left insort_right",
    "operator": "itemgetter abs add and_ concat contains countOf delitem eq floordiv ge getitem gt iadd iand iconcat "
    "ifloordiv ilshift imatmul imod imul index indexOf inv invert ior ipow irshift is_ is_not isub itruediv ixor le "
    "length_hint lshift lt matmul mod mul ne neg not_ or_ pos pow rshift setitem sub truediv truth xor",
    "decimal": "Decimal ROUND_HALF_UP ROUND_HALF_EVEN ROUND_HALF_DOWN ROUND_DOWN ROUND_UP ROUND_FLOOR ROUND_CEILING "
    "ROUND_05UP InvalidOperation DivisionByZero Overflow Underflow Inexact Rounded Subnormal Clamped FloatOperation "
    "DecimalException DecimalTuple getcontext setcontext localcontext Context MAX_PREC MAX_EMAX MIN_EMIN",
    "fractions": "Fraction",
    "difflib": "SequenceMatcher Differ Match get_close_matches unified_diff context_diff ndiff restore IS_CHARACTER_JUNK IS_LINE_JUNK",
    "unicodedata": "normalize category name combining lookup bidirectional east_asian_width decimal digit numeric mirrored "
    "is_normalized decomposition unidata_version",
    "html": "escape unescape",
    "html.parser": "HTMLParser",
    "html.entities": "html5 name2codepoint codepoint2name entitydefs",
    "base64": "b64encode b64decode urlsafe_b64encode urlsafe_b64decode standard_b64encode standard_b64decode b32encode "
    "b32decode b16encode b16decode b85encode b85decode a85encode a85decode encodebytes decodebytes",
    "binascii": "hexlify unhexlify crc32 b2a_hex a2b_hex b2a_base64 a2b_base64 Error",
    "hashlib": "md5 sha1 sha224 sha256 sha384 sha512 sha3_224 sha3_256 sha3_384 sha3_512 shake_128 shake_256 blake2b blake2s "
    "new pbkdf2_hmac algorithms_guaranteed",
    "hmac": "new digest compare_digest",
    "zlib": "compress decompress compressobj decompressobj crc32 adler32 error MAX_WBITS Z_BEST_COMPRESSION Z_BEST_SPEED "
    "Z_DEFAULT_COMPRESSION",
    "gzip": "compress decompress BadGzipFile",
    "struct": "pack pack_into unpack unpack_from calcsize iter_unpack Struct error",
    "ast": "",
    "csv": "reader writer DictReader DictWriter QUOTE_ALL QUOTE_MINIMAL QUOTE_NONNUMERIC QUOTE_NONE Sniffer Error excel "
    "excel_tab unix_dialect Dialect field_size_limit list_dialects register_dialect unregister_dialect get_dialect",
    "io": "StringIO BytesIO SEEK_SET SEEK_CUR SEEK_END",
    "enum": "Enum IntEnum StrEnum Flag IntFlag auto unique verify UNIQUE CONTINUOUS NAMED_FLAGS STRICT CONFORM EJECT KEEP",
    "numbers": "Number Complex Real Rational Integral",
    "calendar": "monthrange month_name month_abbr day_name day_abbr isleap leapdays timegm weekday monthcalendar MONDAY TUESDAY "
    "WEDNESDAY THURSDAY FRIDAY SATURDAY SUNDAY Calendar TextCalendar month calendar weekheader firstweekday IllegalMonthError",
    "contextlib": "contextmanager suppress closing nullcontext ExitStack",
    "queue": "Queue LifoQueue PriorityQueue SimpleQueue Empty Full",
    "types": "SimpleNamespace MappingProxyType FunctionType LambdaType GeneratorType NoneType MethodType BuiltinFunctionType "
    "BuiltinMethodType EllipsisType NotImplementedType UnionType GenericAlias",
    "urllib.parse": "quote unquote quote_plus unquote_plus urlencode urlparse urlsplit urlunparse urlunsplit urljoin parse_qs "
    "parse_qsl urldefrag quote_from_bytes unquote_to_bytes ParseResult SplitResult DefragResult",
    "xml.etree.ElementTree": "fromstring fromstringlist XML tostring tostringlist Element SubElement Comment "
    "ProcessingInstruction PI QName ParseError indent iselement",
    "shlex": "split quote join",
    "fnmatch": "fnmatch fnmatchcase filter translate",
    "ipaddress": "ip_address ip_network ip_interface summarize_address_range collapse_addresses AddressValueError NetmaskValueError "
    "IPv4Interface IPv6Interface IPv4Address IPv6Address IPv4Network IPv6Network",
    "tomllib": "loads TOMLDecodeError",
    "uuid": "UUID uuid3 uuid5 NAMESPACE_DNS NAMESPACE_URL NAMESPACE_OID NAMESPACE_X500",
    "colorsys": _ALL,
    "graphlib": "TopologicalSorter CycleError",
    "keyword": "kwlist softkwlist iskeyword issoftkeyword",
    "pprint": "pformat saferepr isreadable isrecursive",
}

HINTS: dict[str, str] = {
    **dict.fromkeys(
        (
            "os",
            "os.path",
            "pathlib",
            "glob",
            "shutil",
            "tempfile",
            "fileinput",
            "zipfile",
            "tarfile",
            "pickle",
            "sqlite3",
        ),
        "there are no files here: the input is in `context`, results stay in variables",
    ),
    **dict.fromkeys(
        ("requests", "httpx", "aiohttp", "urllib", "urllib.request", "urllib3", "socket", "http", "http.client", "ssl"),
        "there is no network here: ask a model with llm_query(prompt)",
    ),
    **dict.fromkeys(
        ("subprocess", "multiprocessing", "signal", "ctypes", "pty", "importlib", "inspect", "gc", "builtins", "code"),
        "processes and the interpreter are out of reach here: write plain Python",
    ),
    **dict.fromkeys(
        ("openai", "anthropic", "litellm", "google", "langchain", "transformers", "torch"),
        "models are asked with llm_query(prompt) or llm_query_batched(prompts)",
    ),
    **dict.fromkeys(
        ("numpy", "pandas", "scipy", "sklearn", "matplotlib", "polars"),
        "use plain Python with collections, statistics, itertools and csv",
    ),
    **dict.fromkeys(("tiktoken", "nltk", "spacy"), "count with re and len(); a token is about four characters"),
    "bs4": "use re or html.parser",
    "yaml": "use json, or re for simple lines",
    "dateutil": "use datetime.datetime.strptime",
}


def hint_for(module: str) -> str:
    """What to use instead of `module`, or an empty text."""
    return HINTS.get(module) or HINTS.get(module.split(".")[0], "")


class Modules:
    """The facades of one REPL, and the calls that import statements were rewritten to."""

    def __init__(
        self, classes: UserClasses, guards: Guards, standins: Standins, chance: Chance, namespace: dict[str, Any]
    ) -> None:
        self._classes = classes
        self._namespace = namespace
        self.facades: dict[str, Facade] = {}
        for name, names in NAMES.items():
            self.facades[name] = Facade(name, _vetted(name, names))
        self._own(guards, standins, chance)
        guards.assignable[id(self.facades["sys"])] = standins.streams_of(self.facades["sys"])
        for name, facade in list(self.facades.items()):
            package, _, last = name.rpartition(".")
            while package:
                outer = self.facades.setdefault(package, Facade(package, {}))
                add_member(outer, last, facade)
                facade = outer
                package, _, last = package.rpartition(".")

    def _own(self, guards: Guards, standins: Standins, chance: Chance) -> None:
        copier = Copier(self._classes)
        own: dict[str, dict[str, Any]] = {
            "collections": {"namedtuple": self._classes.named_tuple, "UserDict": UserDict, "UserList": UserList},
            "operator": {"attrgetter": standins.attrgetter, "methodcaller": standins.methodcaller},
            "functools": {
                "wraps": standins.wraps, "update_wrapper": standins.update_wrapper,
                "total_ordering": standins.total_ordering, "singledispatch": standins.singledispatch,
                "singledispatchmethod": standins.singledispatchmethod,
            },
            "string": {"Formatter": guards.formatter.string_formatter()},
            "copy": {"copy": copier.copy, "deepcopy": copier.deepcopy},
            "dataclasses": Dataclasses(self._classes, guards.getattr).members(),
            "typing": hints.members(self._classes, guards.annotations),
            "typing_extensions": hints.members(self._classes, guards.annotations),
            "abc": standins.abc_members(),
            "ast": {"literal_eval": standins.literal_eval, **tree_members(guards.getattr, self._classes.allow_base)},
            "xml.etree.ElementTree": xml_members(standins.emit),
            "xml.sax.saxutils": sax_members(),
            "types": {"ModuleType": Facade, "CoroutineType": aio.Deferred},
            "calendar": standins.calendar_members(),
            "json": {"load": standins.no_file("json.load", "json.loads(text)"),
                     "dump": standins.no_file("json.dump", "json.dumps(value)")},
            "random": chance.random_members(),
            "uuid": {"uuid4": chance.uuid4, "uuid1": chance.uuid4},
            "secrets": chance.secrets_members(),
            "time": time_members(standins.clock),
            "datetime": datetime_members(standins.clock),
            "sys": standins.sys_members(),
            "traceback": standins.traceback_members(),
            "warnings": standins.warnings_members(),
            "logging": standins.logging_members(),
            "contextlib": standins.contextlib_members(),
            "pprint": standins.pprint_members(),
            "asyncio": asyncio_members(sleep),
            "concurrent.futures": pools.futures_members(),
            "threading": pools.threading_members(),
            "__future__": {"annotations": None, "division": None, "print_function": None},
        }  # fmt: skip
        for name, extra in own.items():
            facade = self.facades.setdefault(name, Facade(name, {}))
            for key, value in extra.items():
                add_member(facade, key, value)

    @property
    def available(self) -> str:
        """The modules' names, for messages."""
        return ", ".join(sorted(n for n in self.facades if "." not in n and not n.startswith("_")))

    def _missing(self, name: str) -> ModuleNotFoundError:
        hint = hint_for(name)
        text = f"`import {name}` is not available here"
        text += f": {hint}; available: {self.available}" if hint else f"; available: {self.available}"
        return ModuleNotFoundError(text, name=name)

    def import_(self, name: str) -> Facade:
        """``import name``."""
        found = self.facades.get(name)
        if found is None:
            raise self._missing(name) from None
        return found

    def import_call(
        self, name: Any, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0
    ) -> Facade:
        """``__import__(name)``: the same modules as by a statement."""
        if type(name) is not str:
            raise TypeError("__import__() takes the name of a module as str")
        found = self.import_(name)
        return found if fromlist or "." not in name else self.import_(name.split(".")[0])

    def import_from(self, name: str, attribute: str) -> Any:
        """``from name import attribute``."""
        facade = self.import_(name)
        found = members(facade)
        if attribute in found:
            return found[attribute]
        near = hint_for(f"{name}.{attribute}") if f"{name}.{attribute}" in HINTS else ""
        text = f"cannot import name {attribute!r} from {name!r} in this REPL"
        raise ImportError(text + (f": {near}" if near else f"; it has: {', '.join(sorted(found)[:60])}"), name=name)

    def import_star(self, name: str) -> None:
        """``from name import *`` in the module's scope."""
        self._namespace.update({n: v for n, v in members(self.import_(name)).items() if not n.startswith("_")})


def _vetted(name: str, names: str) -> dict[str, Any]:
    module = importlib.import_module(name)
    wanted = [n for n in dir(module) if not n.startswith("_")] if names == _ALL else names.split()
    found = {n: getattr(module, n) for n in wanted if hasattr(module, n)}
    # Tables are copied, for the library goes on using its own; a read-only view would hand it out when compared.
    found = {
        n: dict(v) if type(v) is dict else tuple(v) if type(v) is list else frozenset(v) if type(v) is set else v
        for n, v in found.items()
    }
    return {n: v for n, v in found.items() if type(v) is not ModuleType}
