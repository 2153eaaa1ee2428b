"""Snapshots that record who points to whom: how long they take, and how long the program stands still."""
import json
import os

from harness.machine import usable_processors
from harness.results import number, table_of
from harness.tools import OURS, WITH_GRAPH

TITLE = "The reference graph in a snapshot"
TARGET = "bench"
SNAPSHOT_AT_EXIT = False
WORDS = """Half of all words of the heap point to random blocks; a second thread looks at the clock all the time. `pause` is
what `allocscope info` says; `longest gap` is what that thread saw, its own waits for a processor included. Words are read, and the
file written, in a copy of the process, while the program runs on."""

KEYS = (("resident_megabytes", "resident before, MB"), ("snapshot_seconds", "snapshot, s"), ("pause_milliseconds", "pause, ms"),
        ("stall_milliseconds", "longest gap, ms"), ("million_edges", "edges, millions"),
        ("scan_seconds", "words read and edges found, s"), ("scan_gigabytes", "the same, GB/s"), ("file_megabytes", "file, MB"))


def run_one(bench, tool, blocks):
    path = f"{bench.runner.scratch}/graph.snap"
    result = bench.runner.workload(bench.tools[tool], "graph_workload", [blocks, 48, path])
    info = json.loads(bench.runner.shell(f"{bench.runner.allocscope} info --json {path}")["output"])
    result["pause_milliseconds"] = info["pause_ns"] / 1e6
    if "graph" in info:
        edges = next(section["rows"] for section in info["sections"] if section["name"] == "edge_target")
        result["million_edges"] = edges / 1e6
        result["scan_seconds"] = info["graph"]["scan_ns"] / 1e9
        result["scan_gigabytes"] = info["graph"]["scanned_bytes"] / info["graph"]["scan_ns"]
    result["file_megabytes"] = os.path.getsize(path) / 1e6
    bench.runner.remove_records()
    return result


def measure(bench):
    rows = []
    for blocks in (100_000,) if bench.quick else (1_000_000, 10_000_000):
        title = f"{blocks:,} live blocks of 48 bytes, one pointer in two words"
        if bench.wants(title):
            result = bench.turns.medians(title, lambda tool: run_one(bench, tool, blocks), [OURS, WITH_GRAPH],
                                         usable_processors())
            for key, words in KEYS:
                rows.append([f"{title}: {words}", *(number(result[tool].get(key), 3) for tool in (OURS, WITH_GRAPH))])
    return table_of(["", "graph=0", "graph=1"], rows)
