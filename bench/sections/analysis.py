"""The analysis of a reference graph: reachability, dominators, growth of edges, cycles, to ten million blocks."""
import os
import re

from harness.results import number, table_of
from harness.tools import OURS

TITLE = "The analysis of a reference graph"
TARGET = "bench"
SNAPSHOT_AT_EXIT = False
WORDS = """A graph that is made up, three edges a block: *random*, to any block, or *local*, to blocks nearby. Seconds of each step, and the
largest resident set after it beyond the columns of the file; medians of three runs."""

TURNS = 3  # each takes a minute

STEP = re.compile(r"^  (\w.*?) +([\d.]+) s +(\d+) MiB$", re.M)


def run_one(bench, blocks, shape):
    program = os.path.join(bench.runner.build, "bench/analysis/graph_analysis")
    result = {}
    for step, seconds, mebibytes in STEP.findall(bench.runner.shell(f"{program} {blocks} {shape}")["output"]):
        result[step] = float(seconds)
        result[f"{step}: memory"] = float(mebibytes)
    return result


def measure(bench):
    columns, steps = [], []
    sizes = (10_000,) if bench.quick else (1_000_000, 10_000_000)
    for blocks, shape in ((blocks, shape) for blocks in sizes for shape in ("random", "local")):
        title = f"{blocks:,} blocks, {shape}"
        if bench.wants(title):
            result = bench.turns.medians(title, lambda _: run_one(bench, blocks, shape), [OURS],
                                         repeat_of=lambda _: TURNS)[OURS]
            columns.append((title, result))
            steps = [key for key in result if f"{key}: memory" in result]
    order = sorted(steps, key=lambda step: columns[0][1][f"{step}: memory"]) if columns else []
    return table_of(["seconds (MiB so far)"] + [title for title, _ in columns],
                    [[step] + [f"{number(result[step], 2)} ({number(result[f'{step}: memory'], 0)})" for _, result in columns]
                     for step in order])
