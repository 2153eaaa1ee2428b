"""allocscope in Python programs: iterations, snapshots, and the question what is retained.

    import allocscope
    for line in lines:
        with allocscope.iteration("parse"):
            parse(line)

Works where the interpreter runs under the preload (`allocscope run -- python3 ...`); elsewhere marks do nothing and
active() is false, but assertions fail unless ALLOCSCOPE_OPTIONAL=1. Python's own allocator hides objects of up to 512
bytes in arenas: set PYTHONMALLOC=malloc to see each of them. Every call is for the thread that makes it.
"""
import contextlib
import ctypes
import functools
import gc
import itertools
import os
import sys

__all__ = ["AllocscopeError", "Retained", "active", "assert_zero_retained", "iteration", "iterations", "may_skip", "paused", "retained_by",
           "sees_objects", "snapshot", "stats", "zero_retained"]

WARMUP, COUNTED = 1, 2


class AllocscopeError(AssertionError):
    """Something is retained, or it cannot be told."""


# ---- the preload's table of functions: include/allocscope/allocscope.h ----

class _Counts(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in
                ("allocs", "bytes", "frees", "freed_bytes", "live_blocks", "live_bytes", "peak_bytes")]


class _Stats(ctypes.Structure):
    _fields_ = [("process", _Counts), ("thread", _Counts), ("iteration_peak_bytes", ctypes.c_uint64)]


class _Mark(ctypes.Structure):
    _fields_ = [("epoch", ctypes.c_uint32), ("thread", ctypes.c_uint32), ("allocs", ctypes.c_uint64)]


class _Retained(ctypes.Structure):
    _fields_ = [("blocks", ctypes.c_uint64), ("bytes", ctypes.c_uint64)]


_POINTER, _TEXT, _SIZE = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t


class _Functions(ctypes.Structure):
    _fields_ = [
        ("size", _SIZE),
        ("iteration_begin", ctypes.CFUNCTYPE(None, _TEXT)),
        ("iteration_begin_phase", ctypes.CFUNCTYPE(None, _TEXT, ctypes.c_int)),
        ("iteration_end", ctypes.CFUNCTYPE(None)),
        ("snapshot", ctypes.CFUNCTYPE(ctypes.c_int, _TEXT)),
        ("label", _POINTER), ("root", _POINTER), ("ignore", _POINTER),
        ("pause", ctypes.CFUNCTYPE(None)),
        ("resume", ctypes.CFUNCTYPE(None)),
        ("stats_now", ctypes.CFUNCTYPE(None, ctypes.POINTER(_Stats))),
        ("mark_now", ctypes.CFUNCTYPE(None, ctypes.POINTER(_Mark))),
        ("retained_since", ctypes.CFUNCTYPE(None, _Mark, ctypes.c_bool, ctypes.POINTER(_Retained))),
        ("pool_create", _POINTER), ("pool_alloc", _POINTER), ("pool_free", _POINTER), ("pool_reset", _POINTER),
        ("pool_destroy", _POINTER),
        ("assert_retained", ctypes.CFUNCTYPE(ctypes.c_uint64, _Mark, ctypes.c_bool, _TEXT, _TEXT, ctypes.c_int)),
    ]


def _find():
    try:
        functions = _Functions.in_dll(ctypes.CDLL(None), "allocscope_functions_1")
    except (ValueError, OSError):
        return None
    # size 0: the preload is there but switched off
    return functions if functions.size >= ctypes.sizeof(_Functions) else None


_functions = _find()


def active():
    """True when the preload records this interpreter."""
    return _functions is not None


def sees_objects():
    """True when small objects are blocks of malloc, so that they can be seen."""
    return os.environ.get("PYTHONMALLOC") in ("malloc", "malloc_debug")


# ---- iterations ----

@contextlib.contextmanager
def iteration(benchmark, warmup=None):
    """One iteration of BENCHMARK. WARMUP: whether it counts as warm-up; None: the first ones do, as set by the option warmup."""
    if _functions is None:
        yield
        return
    if warmup is None:
        _functions.iteration_begin(benchmark.encode())
    else:
        _functions.iteration_begin_phase(benchmark.encode(), WARMUP if warmup else COUNTED)
    try:
        yield
    finally:
        # what is made for the call is no survivor
        _functions.pause()
        _functions.iteration_end()
        _functions.resume()


def iterations(benchmark):
    """Decorator: each call of the function is an iteration of BENCHMARK."""
    def decorate(function):
        @functools.wraps(function)
        def call(*arguments, **named):
            with iteration(benchmark):
                return function(*arguments, **named)
        return call
    return decorate


def snapshot(path=None):
    """Write a snapshot to PATH (None: where ALLOCSCOPE_OUTPUT says). OSError when that fails; False without the preload."""
    if _functions is None:
        return False
    status = _functions.snapshot(None if path is None else os.fsencode(path))
    if status != 0:
        raise OSError(-status, os.strerror(-status), path)
    return True


def stats():
    """{"process": {...}, "thread": {...}, "iteration_peak_bytes": n}: exact counters; all 0 without the preload."""
    now = _Stats()
    if _functions is not None:
        _functions.stats_now(ctypes.byref(now))
    return {"process": {name: getattr(now.process, name) for name, _ in _Counts._fields_},
            "thread": {name: getattr(now.thread, name) for name, _ in _Counts._fields_},
            "iteration_peak_bytes": now.iteration_peak_bytes}


@contextlib.contextmanager
def paused():
    """What this thread allocates in the block is not recorded."""
    if _functions is None:
        yield
        return
    _functions.pause()
    try:
        yield
    finally:
        _functions.resume()


# ---- what is retained ----

class Retained:
    """Blocks and bytes that were born in ROUNDS rounds and are alive after them."""

    def __init__(self, blocks, size, rounds):
        self.blocks, self.bytes, self.rounds = blocks, size, rounds

    def __str__(self):
        text = f"{self.blocks} block{'' if self.blocks == 1 else 's'}, {self.bytes} bytes retained"
        if self.rounds > 1:
            text += f" in {self.rounds} rounds ({self.blocks / self.rounds:.2f} blocks a round)"
        return text


def may_skip():
    """True when the user said that without the preload nothing need be checked."""
    return os.environ.get("ALLOCSCOPE_OPTIONAL") == "1"


def _must_see(name):
    """False when nothing need be checked."""
    if _functions is not None:
        return True
    if may_skip():
        return False
    raise AllocscopeError(
        f"allocscope: what {name} retains cannot be checked: the preload is absent. Run under `allocscope run` or with "
        "LD_PRELOAD=liballocscope.so, or set ALLOCSCOPE_OPTIONAL=1 to skip it")


def _fail(scope, name, place):
    # what is made for the call lives while it counts
    _functions.pause()
    _functions.assert_retained(scope.mark, False, name.encode(), place[0].encode(), place[1])
    _functions.resume()
    __tracebackhide__ = True  # pylint: disable=unused-variable  # pytest shows the test instead
    hint = "" if sees_objects() else "; PYTHONMALLOC=malloc would show each object"
    raise AllocscopeError(f"allocscope: {name}: {scope.retained}; standard error names the sites and the snapshot{hint}")


def retained_by(function, warmup=3, rounds=10):
    """What the last ROUNDS of WARMUP + ROUNDS calls of FUNCTION leave behind, after a collection. None without the preload."""
    return None if _functions is None else _measure(function, warmup, rounds).retained


class _Scope:
    """From begin() to end(): what this thread allocated in between and is alive. Counts nothing of its own."""

    def __init__(self):
        self.mark, self.found = _Mark(), _Retained()
        self.mark_pointer, self.found_pointer = ctypes.byref(self.mark), ctypes.byref(self.found)
        self.retained = None
        # what is made when it is done for the first time, and kept
        self.begin()
        self.end()

    def begin(self):
        gc.collect()
        _functions.mark_now(self.mark_pointer)

    def end(self, rounds=1):
        gc.collect()
        # what is made for the call lives while it counts, and the answer lives on
        _functions.pause()
        _functions.retained_since(self.mark, False, self.found_pointer)
        self.retained = Retained(self.found.blocks, self.found.bytes, rounds)
        _functions.resume()


def _measure(function, warmup, rounds):
    """A scope that has ended. What this function needs is made before it begins."""
    scope, counted = _Scope(), itertools.repeat(None, rounds)
    for _ in itertools.repeat(None, warmup):
        function()
    scope.begin()
    for _ in counted:
        function()
    scope.end(rounds)
    return scope


def assert_zero_retained(function, name=None, warmup=3, rounds=10, max_blocks=0):
    """AllocscopeError when the last ROUNDS calls of FUNCTION leave more than MAX_BLOCKS blocks behind.

    Calls before them are warm-up: caches and lazy initialisation belong there. Garbage is collected first.
    """
    __tracebackhide__ = True  # pylint: disable=unused-variable
    name = name or getattr(function, "__qualname__", repr(function))
    if not _must_see(name):
        return
    code = getattr(getattr(function, "func", function), "__code__", None)
    place = (code.co_filename, code.co_firstlineno) if code else ("python", 0)
    scope = _measure(function, warmup, rounds)
    if scope.retained.blocks > max_blocks:
        _fail(scope, name, place)


@contextlib.contextmanager
def zero_retained(name="block", max_blocks=0):
    """AllocscopeError when the block leaves more than MAX_BLOCKS blocks behind: objects that are new and still referred to.

    It runs once, so a first use of something that is kept for good counts; assert_zero_retained has rounds of warm-up.
    """
    __tracebackhide__ = True  # pylint: disable=unused-variable
    if not _must_see(name):
        yield
        return
    scope = _Scope()
    caller = sys._getframe(2)  # pylint: disable=protected-access
    place = (caller.f_code.co_filename, caller.f_lineno)
    del caller
    scope.begin()
    yield
    scope.end()
    if scope.retained.blocks > max_blocks:
        _fail(scope, name, place)
