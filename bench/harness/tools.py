"""The profilers: how each is put in front of a program, and what makes an answer of its record.

In variables and commands {record} stands for the path of a run's record without its suffix, {program} for the
program. A tool that is not here carries the reason in `missing`, and the benchmarks leave it out with that word.
"""
import glob
import os
import shutil
from dataclasses import dataclass, field

PLAIN = "plain"
OURS = "allocscope"
LIBUNWIND = "unwinder=libunwind"
SAMPLED = "sample=512K"
HEAPTRACK = "heaptrack"
HEAPTRACK_WHOLE = "heaptrack with its interpreter"
GPERFTOOLS = "gperftools"
LSAN = "LSan"
LSAN_WHOLE = "LSan, whole stacks"
WITH_GRAPH = "graph=1"
OUR_TOOLS = (PLAIN, OURS, LIBUNWIND, SAMPLED, WITH_GRAPH)


@dataclass(frozen=True)
class Tool:
    name: str
    variables: dict = field(default_factory=dict)
    reader: str = ""  # a second process that reads the fifo {record}.fifo while the program runs
    answer: str = ""  # shell command that prints the answer; empty: the run itself does
    missing: str = ""


def first_of(*patterns):
    """The first file that matches a pattern, or an empty string."""
    return next((path for pattern in patterns for path in sorted(glob.glob(pattern))), "")


def library(name):
    return first_of(f"/usr/lib*/{name}", f"/usr/lib/*/{name}", f"/usr/local/lib*/{name}")


def heaptrack_interpret():
    return first_of("/usr/lib*/heaptrack/libexec/heaptrack_interpret",
                    "/usr/lib/*/heaptrack/libexec/heaptrack_interpret", "/usr/libexec/heaptrack_interpret")


def lacks(package, *needed):
    """Why a peer can't run: the package that has what is missing."""
    return "" if all(needed) else f"package {package} is not installed"


def ours(name, preload, options):
    return Tool(name, {"LD_PRELOAD": preload, "ALLOCSCOPE_OUTPUT": "{record}.snap",
                       "ALLOCSCOPE_OPTIONS": "quiet=1:force=1" + options},
                answer="{allocscope} report {record}.snap")


def lsan(name, options):
    path = library("liblsan.so.0")
    return Tool(name, {"LD_PRELOAD": path,
                       "LSAN_OPTIONS": "exitcode=0:log_path={record}.lsan:malloc_context_size=128" + options},
                missing=lacks("liblsan0", path))


def tools_of(build, snapshot_at_exit):
    """{name: Tool}. Without a snapshot at exit a benchmark measures the recording alone."""
    preload = os.path.join(build, "liballocscope.so")
    # no peer records who points to whom: snapshots that a benchmark asks for have no graph unless it is measured
    snapshot = "" if snapshot_at_exit else ":graph=0:snapshot_at="
    heaptrack = library("heaptrack/libheaptrack_preload.so")
    interpret = heaptrack_interpret()
    tcmalloc = library("libtcmalloc.so.4")
    pprof = shutil.which("google-pprof") or shutil.which("pprof")
    tools = [
        Tool(PLAIN),
        ours(OURS, preload, snapshot),
        ours(LIBUNWIND, preload, snapshot + ":unwinder=libunwind"),
        ours(WITH_GRAPH, preload, snapshot + ":graph=1"),
        ours(SAMPLED, preload, snapshot + ":sample=512K"),
        Tool(HEAPTRACK, {"LD_PRELOAD": heaptrack, "DUMP_HEAPTRACK_OUTPUT": "{record}.raw"},
             missing=lacks("heaptrack", heaptrack, interpret)),
        Tool(HEAPTRACK_WHOLE, {"LD_PRELOAD": heaptrack, "DUMP_HEAPTRACK_OUTPUT": "{record}.fifo"},
             reader=interpret + " <{record}.fifo | zstd -q -c >{record}.zst", answer="heaptrack_print -f {record}.zst",
             missing=lacks("heaptrack", heaptrack, interpret) or lacks("zstd", shutil.which("zstd"))),
        Tool(GPERFTOOLS, {"LD_PRELOAD": tcmalloc, "HEAPPROFILE": "{record}.gperftools"},
             answer=f"{pprof} --text {{program}} $(ls {{record}}.gperftools*.heap | tail -n 1)",
             missing=lacks("google-perftools", tcmalloc, pprof)),
        lsan(LSAN, ""),
        lsan(LSAN_WHOLE, ":fast_unwind_on_malloc=0"),
    ]
    return {tool.name: tool for tool in tools}
