"""A JavaScript REPL inside the worker: QuickJS (the optional package ``quickjs-ng``) behind the same walls and protocol.

The engine has no files, no network and no modules of its own; what leads out of it are the few functions put in here, and
these pass nothing but JSON texts. QuickJS cannot be stopped from Python while a callback is possible, so the host's kill is
the clock: a cell that computes too long costs the REPL its names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from rlm_tui.engine.sandbox.worker.clock import CellClock, Stop
from rlm_tui.engine.sandbox.worker.output import Output
from rlm_tui.engine.sandbox.worker.scaffold import Scaffold, SubcallError

try:
    import _quickjs  # type: ignore[import-not-found]
except ImportError:
    _quickjs = None

MISSING = "JavaScript needs the package quickjs-ng: install rlm-tui[javascript]"

_STACK = 512 * 1024
_ECHO_MAX = 200_000
_DECLARED = re.compile(r"^(?:const|let)(?=[\s\[{])", re.M)
_CLASS = re.compile(r"^class\s+([A-Za-z_$][\w$]*)", re.M)
_NAMES = re.compile(r"^(?:var|function\*?|async\s+function\*?)\s+([A-Za-z_$][\w$]*)", re.M)
_PATTERN = re.compile(r"^var\s*([\[{][^=]*[\]}])\s*=", re.M)
_EXPRESSION = re.compile(
    r"(?!(?:var|function|async function|for|while|if|try|return|throw|const|let|class|else|do)\b)[\w$(\[`'\"!-]"
)
_AT = re.compile(r"<input>:(\d+)")

PRELUDE = r"""
(() => {
  const call = globalThis.__host; delete globalThis.__host;
  const shown = new WeakSet();
  const show = (v, top, depth = 0) => {
    if (typeof v === 'string') return top ? v : JSON.stringify(v);
    if (typeof v === 'bigint') return v + 'n';
    if (typeof v === 'function') return '[Function ' + (v.name || 'anonymous') + ']';
    if (v === null || typeof v !== 'object') return String(v);
    if (v instanceof Error) return v.name + ': ' + v.message;
    if (v instanceof RegExp || v instanceof Date) return String(v);
    if (shown.has(v)) return '[Circular]';
    if (depth > 4) return Array.isArray(v) ? '[…]' : '{…}';
    shown.add(v);
    try {
      const some = (items) => { const a = []; let n = 0; for (const i of items) { if (n++ >= 200) { a.push('…'); break; } a.push(i); } return a; };
      if (Array.isArray(v)) return '[' + some(v).map(i => show(i, false, depth + 1)).join(', ') + ']';
      if (v instanceof Map) return 'Map {' + some(v).map(e => Array.isArray(e) ? show(e[0], false, depth + 1) + ' => ' + show(e[1], false, depth + 1) : e).join(', ') + '}';
      if (v instanceof Set) return 'Set {' + some(v).map(i => show(i, false, depth + 1)).join(', ') + '}';
      if (v instanceof Promise) return '[Promise]';
      return '{' + some(Object.keys(v)).map(k => k === '…' ? k : k + ': ' + show(v[k], false, depth + 1)).join(', ') + '}';
    } finally { shown.delete(v); }
  };
  const ask = (name, ...args) => {
    const plain = JSON.stringify(args, (k, v) => typeof v === 'bigint' ? String(v) : v);
    const [value, error, kind] = JSON.parse(call(name, plain));
    if (error !== null) { const e = new (kind === 'SubcallError' ? SubcallError : kind === 'TypeError' ? TypeError : Error)(error); throw e; }
    return value;
  };
  class SubcallError extends Error {
    constructor(message) { super(message); this.name = 'SubcallError'; }
    toString() { return '[ERROR] ' + this.message; }
  }
  const slots = (list) => list.map(([v, e]) => e === null ? v : '[ERROR] ' + e);
  const options = (context, model, schema) => (context && typeof context === 'object' && !Array.isArray(context)
    && model === undefined && ('model' in context || 'schema' in context || 'context' in context))
    ? [context.context ?? null, context.model ?? null, context.schema ?? null] : [context ?? null, model ?? null, schema ?? null];
  const names = { SubcallError };
  for (const name of ['llm_query', 'rlm_query', 'recursive_llm'])
    names[name] = (prompt, context, model, schema) => ask(name, prompt, ...options(context, model, schema));
  for (const name of ['llm_query_batched', 'rlm_query_batched'])
    names[name] = (prompts, contexts, model, schema) => slots(ask(name, prompts, contexts ?? null, model ?? null, schema ?? null));
  names.budget = () => ask('budget');
  const finish = (source) => (v) => { if (v === undefined) throw new TypeError(source + '() needs the answer: ' + source + '(value)');
    let plain = null; try { plain = JSON.stringify(v) ?? null; } catch (e) {} ask('finish', source, show(v, true), plain); };
  names.FINAL = finish('FINAL'); names.SUBMIT = finish('SUBMIT');
  const own = () => Object.getOwnPropertyNames(globalThis).filter(n => !known.has(n));
  names.FINAL_VAR = (v) => {
    if (typeof v === 'string') {
      const name = v.trim();
      if (own().includes(name)) return finish('FINAL_VAR')(globalThis[name]);
      if (/^[A-Za-z_$][\w$]*$/.test(name) && !own().some(n => globalThis[n] === v))
        throw new ReferenceError("FINAL_VAR: there is no variable '" + name + "'; your variables: " + (own().join(', ') || 'none yet'));
    }
    finish('FINAL_VAR')(v);
  };
  const kind = (v) => v === null ? 'null' : Array.isArray(v) ? 'array' : typeof v === 'object' ? (v.constructor?.name ?? 'object') : typeof v;
  const size = (v) => typeof v === 'string' || Array.isArray(v) ? v.length : v instanceof Map || v instanceof Set ? v.size
    : v && typeof v === 'object' && v.constructor === Object ? Object.keys(v).length : null;
  names.SHOW_VARS = () => Object.fromEntries(own().map(n => [n, kind(globalThis[n]) + (size(globalThis[n]) === null ? '' : ' of ' + size(globalThis[n]))]));
  const print = (...args) => { ask('print', args.map(a => show(a, true)).join(' ') + '\n'); };
  names.print = print;
  names.console = { log: print, info: print, warn: print, error: print, debug: print, table: print };
  let answer = { content: null, ready: false };
  const existing = JSON.parse(call('names', '[]'))[0];
  for (const n of ['llm_query', 'llm_query_batched', 'rlm_query', 'rlm_query_batched', 'recursive_llm', 'budget'])
    if (!existing.includes(n)) delete names[n];
  for (const n of existing) if (!(n in names)) names[n] = (...args) => ask(n, ...args);
  const context = globalThis.context, query = globalThis.query;
  const known = new Set([...Object.getOwnPropertyNames(globalThis), ...Object.keys(names), 'answer', 'context', 'query', '__repl']);
  const repl = Object.freeze({
    restore: () => { Object.assign(globalThis, names, { context });
      if (typeof globalThis.query !== 'string') globalThis.query = query;
      if (!globalThis.answer || typeof globalThis.answer !== 'object') globalThis.answer = answer; },
    answered: () => { const a = globalThis.answer; if (a && typeof a === 'object' && a.ready && a.content !== null && a.content !== undefined) {
      finish('answer')(a.content); a.ready = false; } },
    show: (v) => v === undefined ? null : show(v, false),
    vars: () => JSON.stringify(own().slice(0, 500).map(n => { let p; try { p = show(globalThis[n], false).slice(0, 200); } catch (e) { p = '…'; }
      return [n, String(kind(globalThis[n])).slice(0, 100), size(globalThis[n]), p]; })),
  });
  Object.defineProperty(globalThis, '__repl', { value: repl, writable: false, enumerable: false, configurable: false });
  repl.restore();
})();
"""


class JavaScriptCell:
    """The JavaScript counterpart of `PythonCell`: same life, same frames."""

    language = "javascript"

    def __init__(self, output: Output) -> None:
        self.output = output
        self.namespace: dict[str, Any] = {}
        self.current_file = "<cell>"
        self._manifest: dict[str, tuple[Any, ...]] = {}
        self._stops: list[str] = []

    def open(
        self, context: Any, query: str, names: frozenset[str], ask: Callable[..., Any], ending: Callable[[], None]
    ) -> None:
        """Put the context, the question and the helpers in place. Raises ``ImportError`` when the engine is not installed."""
        if _quickjs is None:
            raise ImportError(MISSING)
        self._ending = ending
        self._scaffold = Scaffold(names, ask, dict)
        self._js = _quickjs.Context()
        self._js.set_max_stack_size(_STACK)
        self._js.add_callable("__host", self._from_code)
        if type(context) is str:
            self._js.set("context", context)
        else:
            self._js.set("context", self._js.parse_json(json.dumps(context)))
        self._js.set("query", query)
        self._js.eval(PRELUDE)

    def set_time(self, moment: float | None) -> None:
        """JavaScript reads the system's time; nothing is shifted."""

    def _from_code(self, name: str, arguments: str) -> str:
        # Whatever is raised in a callback breaks the engine, so everything becomes a value.
        try:
            return json.dumps([self._answer(str(name), json.loads(arguments)), None, None])
        except SubcallError as error:
            return json.dumps([None, error.args[0], "SubcallError"])
        except Stop as stop:
            self._stops.append(stop.reason)
            return json.dumps([None, "the cell was stopped", "Error"])
        except TypeError as error:
            return json.dumps([None, str(error), "TypeError"])
        except Exception as error:
            return json.dumps([None, str(error), "Error"])

    def _answer(self, name: str, arguments: list[Any]) -> Any:
        if name == "print":
            self.output.write(arguments[0])
            return None
        if name == "names":
            return sorted(self._scaffold.helpers)
        if name == "finish":
            source, text, plain = arguments
            self._scaffold.finish(source, text)
            final = self._scaffold.final
            if final is not None and final["source"] == source and final["text"] == text:
                final["value"] = json.loads(plain) if plain is not None else None
            return None
        result = self._scaffold.helpers[name](*arguments)
        if name.endswith("_batched"):
            return [[None, r.args[0]] if isinstance(r, SubcallError) else [r, None] for r in result]
        return result

    def begin(self) -> None:
        """Nothing to do before a cell: `run` restores the names."""

    def run(self, code: str, clock: CellClock, limits: dict[str, Any], look: bool = False) -> dict[str, Any]:
        """Run a cell and say what came of it, as the fields of a ``done`` frame."""
        self._scaffold.final = None
        self._scaffold.notices = []
        self._stops.clear()
        result: dict[str, Any] = {"status": "ok", "echo": None, "error": None, "variables": [], "touched": []}
        clock.start(float(limits["seconds"]))
        clock.forbid()  # an interrupt would be raised inside a callback, which the engine does not survive
        try:
            self._js.eval("__repl.restore()")
            self._execute(code, result)
            self._ending()
            if not look:
                self._js.eval("__repl.answered()")
                result["variables"] = self._variables()
        except Exception as error:
            self._failed(result, error, code)
        finally:
            clock.stop()
        if self._stops:
            message = "the cell was stopped; its names are kept"
            result["status"] = self._stops[0]
            result["error"] = {"type": "Cancelled", "message": message, "line": None, "text": f"Cancelled: {message}"}
        result["final"] = None if look else self._scaffold.final
        result["notices"] = self._scaffold.notices[:20]
        return result

    def _execute(self, code: str, result: dict[str, Any]) -> None:
        source = _CLASS.sub(r"var \1 = class \1", _DECLARED.sub("var", code))
        self._js.set("__last", None)
        try:
            value = self._evaluate(source)
        except _quickjs.JSException as error:
            if "await" not in code or "SyntaxError" not in str(error):
                raise
            try:
                value = self._evaluate(_as_async(source, echo=True))
            except _quickjs.JSException:
                # The last line was the end of something longer.
                value = self._evaluate(_as_async(source, echo=False))
        self._settle(value, result)

    def _evaluate(self, source: str) -> Any:
        # An indirect eval runs in the global scope and gives the value of the last expression.
        self._js.set("__source", source)
        value = self._js.eval("globalThis.__last = (0, eval)(__source); delete globalThis.__source; 0")
        return value

    def _settle(self, value: Any, result: dict[str, Any]) -> None:
        self._js.eval(
            "if (globalThis.__last instanceof Promise) { globalThis.__state = ['pending']; "
            "__last.then(v => { __state = ['ok', v] }, e => { __state = ['error', e] }) } else { globalThis.__state = ['ok', __last] }"
        )
        while self._js.execute_pending_job():
            pass
        try:
            state = self._js.eval("__state[0]")
            if state == "error":
                self._js.eval("throw __state[1]")
            echo = self._js.eval("__repl.show(__state[1])") if state == "ok" else None
            result["echo"] = echo if echo is None else str(echo)[:_ECHO_MAX]
            if state == "pending":
                self._scaffold.notices.append("A promise of this cell never settles; its value is not shown.")
        finally:
            self._js.eval("delete globalThis.__last; delete globalThis.__state; 0")

    def _failed(self, result: dict[str, Any], error: Exception, code: str) -> None:
        text = str(error).strip()
        if isinstance(error, MemoryError) or "out of memory" in text:
            message = "the cell needed more memory than it may use"
            result["status"] = "memory"
            result["error"] = {
                "type": "MemoryLimit",
                "message": message,
                "line": None,
                "text": f"MemoryLimit: {message}",
            }
            return
        first, _, rest = text.partition("\n")
        kind, _, message = first.partition(": ")
        if not re.fullmatch(r"[A-Za-z_$][\w$]*", kind):
            kind, message = "Error", first
        found = _AT.search(rest)
        line = int(found.group(1)) if found else None
        lines = code.splitlines()
        where = f"\n  line {line}: {lines[line - 1].strip()[:300]}" if line and line <= len(lines) else ""
        result["status"] = "refused" if kind == "SyntaxError" else "error"
        result["error"] = {
            "type": kind[:200],
            "message": message[:4000],
            "line": line,
            "text": f"{kind}: {message[:4000]}{where}",
        }

    def _variables(self) -> list[list[Any]]:
        found = []
        seen: dict[str, tuple[Any, ...]] = {}
        for name, kind, size, shown in json.loads(self._js.eval("__repl.vars()")):
            state = (kind, size, shown)
            before = self._manifest.get(name)
            seen[name] = state
            changed = "new" if before is None else "" if before == state else "changed"
            found.append([str(name)[:200], kind, size, shown[:200], changed])
        self._manifest = seen
        return found


def _as_async(source: str, echo: bool) -> str:
    """A cell with ``await`` at its top level as one function that leaves its names in the global scope.

    With `echo` its last line is given back when it looks like an expression. Line numbers stay.
    """
    names = set(_NAMES.findall(source))
    for pattern in _PATTERN.findall(source):
        names |= set(re.findall(r"[A-Za-z_$][\w$]*", re.sub(r"[\w$]+\s*:", "", pattern)))
    kept = "".join(f"try {{ globalThis.{n} = {n} }} catch (e) {{}} " for n in sorted(names))
    before, newline, last = source.rstrip().rpartition("\n")
    if echo and _EXPRESSION.match(last):
        last = "return " + last
    return f"(async () => {{ try {{ {before}{newline}{last}\n }} finally {{ {kept} }} }})()"
