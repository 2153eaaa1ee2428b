"""Pairs of malloc and free as a program makes them: bursts from many stacks, several threads."""
from harness.machine import usable_processors
from harness.results import number, ratio, table_of
from harness.tools import HEAPTRACK, OURS, PLAIN, SAMPLED

TITLE = "Added time per malloc + free pair"
TARGET = "bench"
SNAPSHOT_AT_EXIT = False
WORDS = """One thread: its CPU time. Several: wall time, times the processors that can work at once. Depth counts
the program's own frames; 256 different stacks and 8 pairs per descent unless the row says otherwise."""


def cells(quick):
    """(title, depth, stacks, burst, threads)"""
    result = [(f"depth {depth}, {threads} thread{'s' * (threads > 1)}", depth, 256, 8, threads)
              for threads in (1, 2, 4) for depth in (5, 20, 60)]
    if not quick:
        result += [(f"depth {depth}, one stack, hot", depth, 1, 1000, 1) for depth in (5, 20, 60)]
        result += [("depth 20, another stack every pair, of 256", 20, 256, 1, 1),
                   ("depth 20, another stack every pair, of 65,536", 20, 65536, 1, 1)]
    return result


def measure(bench):
    rows, totals = [], {}
    names = bench.present([PLAIN, OURS, SAMPLED, HEAPTRACK])
    for title, depth, stacks, burst, threads in cells(bench.quick):
        if not bench.wants(title):
            continue
        pairs = (200_000 if bench.quick else 2_000_000) // threads // (2 if depth >= 60 else 1)
        processors = {min(usable_processors())} if threads == 1 else usable_processors()
        arguments = [depth, pairs, stacks, burst, threads]
        result = bench.turns.medians(title, lambda tool: bench.runner.workload(
            bench.tools[tool], "pair_workload", arguments, processors=processors), names, processors)
        totals[title] = {tool: cell["ns_per_pair"] for tool, cell in result.items()}
        plain = totals[title].get(PLAIN, 0)
        added = {tool: total - plain for tool, total in totals[title].items()}
        rows.append([title, number(plain), number(added.get(OURS)), number(added.get(SAMPLED)),
                     number(added.get(HEAPTRACK)), ratio(added.get(OURS), added.get(HEAPTRACK))])
    text = table_of(["malloc + free", "plain, ns", "allocscope adds, ns", "with sample=512K, ns", "heaptrack adds, ns",
                     "heaptrack / allocscope"], rows)
    return text + "\n\nTime of a pair, against one thread of the same tool (1.00 = perfect scaling):\n\n" + \
        table_of(["", "plain", "allocscope", "heaptrack"], scaling(totals))


def scaling(totals):
    rows = []
    for depth in (5, 20, 60):
        one = totals.get(f"depth {depth}, 1 thread", {})
        for threads in (2, 4):
            many = totals.get(f"depth {depth}, {threads} threads", {})
            rows.append([f"depth {depth}, {threads} threads"] +
                        [number(many[tool] / one[tool], 2) if tool in many and tool in one else "-"
                         for tool in (PLAIN, OURS, HEAPTRACK)])
    return rows
