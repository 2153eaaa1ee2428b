"""A heap of many live blocks: memory per block, snapshots, diffs."""
import json
import os

from harness.machine import usable_processors
from harness.results import number, ratio, table_of
from harness.tools import HEAPTRACK, OURS, PLAIN, heaptrack_interpret

TITLE = "Memory per live block, snapshot, diff"
TARGET = "bench"
SNAPSHOT_AT_EXIT = False
WORDS = """Resident memory beyond that of the plain program. `snapshot` is the time for which `allocscope_snapshot`
kept its caller, `all threads held` the part of it in which no thread could allocate (`allocscope info`); `diff` and
`report` are the wall time of the whole command."""

AFTERWORDS = """heaptrack has no snapshots and no iterations. Beside our snapshot stands `heaptrack_interpret` of the
record of the whole run, beside our diff `heaptrack_print -d` of two records (a second run, ended early, is
the first of them). It keeps no table of live blocks in the process: what it would have to remember is in
the file, which grows with every call."""


def run_ours(bench, blocks):
    prefix = f"{bench.runner.scratch}/live"
    result = bench.runner.workload(bench.tools[OURS], "live_workload", [blocks, 48, 2, prefix])
    result["file_bytes"] = os.path.getsize(f"{prefix}.2.snap")
    allocscope = bench.runner.allocscope
    result["diff_seconds"] = bench.runner.shell(f"{allocscope} diff {prefix}.1.snap {prefix}.2.snap")["wall"]
    result["report_seconds"] = bench.runner.shell(f"{allocscope} report {prefix}.2.snap")["wall"]
    result["pause_seconds"] = json.loads(bench.runner.shell(
        f"{allocscope} info --json {prefix}.2.snap")["output"])["pause_ns"] / 1e9
    return result


def run_heaptrack(bench, blocks):
    """It has no snapshots: a run that ends where ours takes the first one stands in for that."""
    prefix = f"{bench.runner.scratch}/heaptrack"
    for round_number in (1, 2):
        result = bench.runner.workload(bench.tools[HEAPTRACK], "live_workload", [blocks, 48, round_number],
                                       record=f"heaptrack.{round_number}")
    for round_number in (1, 2):
        result["snapshot_2_seconds"] = bench.runner.shell(
            f"{heaptrack_interpret()} < {prefix}.{round_number}.raw > {prefix}.{round_number}.data")["wall"]
    result["file_bytes"] = os.path.getsize(f"{prefix}.2.raw")
    result["report_seconds"] = bench.runner.shell(f"heaptrack_print -f {prefix}.2.data")["wall"]
    result["diff_seconds"] = bench.runner.shell(f"heaptrack_print -f {prefix}.2.data -d {prefix}.1.data")["wall"]
    return result


def run_one(bench, tool, blocks):
    """One heap of BLOCKS blocks under TOOL: fill, snapshot, change, snapshot, diff."""
    if tool == OURS:
        result = run_ours(bench, blocks)
    elif tool == HEAPTRACK:
        result = run_heaptrack(bench, blocks)
    else:
        result = bench.runner.workload(bench.tools[tool], "live_workload", [blocks, 48, 2])
    bench.runner.remove_records()
    return result


def rows_of(count, result):
    plain, ours, theirs = result[PLAIN], result[OURS], result.get(HEAPTRACK, {})

    def more(cell, key):
        return cell[key] - plain[key] if key in cell else None
    added = [more(ours, "ns_per_malloc"), more(theirs, "ns_per_malloc")]
    rows = [[count + "our memory per block, bytes", number(more(ours, "resident_bytes_per_block")),
             number(more(theirs, "resident_bytes_per_block")), "-"],
            [count + "added per malloc, ns", number(added[0]), number(added[1]), ratio(*added)]]
    for key, what in (("snapshot_2_seconds", "snapshot, s"), ("pause_seconds", "of it all threads held, s"),
                      ("diff_seconds", "diff, s"), ("report_seconds", "report, s")):
        rows.append([count + what, number(ours.get(key), 3), number(theirs.get(key), 3),
                     ratio(ours.get(key), theirs.get(key))])
    rows.append([count + "file, MB", number(ours["file_bytes"] / 1e6),
                 number(theirs["file_bytes"] / 1e6 if theirs else None), "-"])
    return rows


def measure(bench):
    rows = []
    names = bench.present([PLAIN, OURS, HEAPTRACK])
    for blocks in (100_000,) if bench.quick else (1_000_000, 10_000_000):
        title = f"{blocks:,} live blocks of 48 bytes"
        if bench.wants(title):
            result = bench.turns.medians(title, lambda tool: run_one(bench, tool, blocks), names, usable_processors())
            if PLAIN in result and OURS in result:
                rows += rows_of(title + ": ", result)
    return table_of(["", "allocscope", "heaptrack", "heaptrack / allocscope"], rows) + "\n\n" + AFTERWORDS
