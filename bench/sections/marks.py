"""What an iteration mark costs when many stacks are known."""
from harness.machine import usable_processors
from harness.results import number, table_of
from harness.tools import OURS, PLAIN

TITLE = "An iteration mark"
TARGET = "bench"
SNAPSHOT_AT_EXIT = False
WORDS = ""


def measure(bench):
    rows = []
    processors = {min(usable_processors())}
    marks = 20_000 if bench.quick else 1_000_000
    for stacks in (100, 10_000) if bench.quick else (100, 10_000, 100_000):
        title = f"{stacks:,} stacks known, mean of {marks:,}"
        if bench.wants(title):
            result = bench.turns.medians(title, lambda tool: bench.runner.workload(
                bench.tools[tool], "mark_workload", [marks, stacks], processors=processors), [PLAIN, OURS], processors)
            rows.append([title] + [number(result.get(tool, {}).get("ns_per_mark"), 2) for tool in (PLAIN, OURS)])
    return table_of(["begin + end of an empty iteration", "without the preload, ns", "allocscope, ns"], rows)
