"""What we remember: bytes of ours per live block of several sizes, and per distinct stack."""
import json

from harness.machine import usable_processors
from harness.results import number, table_of
from harness.tools import OURS, PLAIN

TITLE = "Memory of what is remembered"
TARGET = "bench"
SNAPSHOT_AT_EXIT = True
WORDS = """Blocks: resident memory beyond that of the plain program. Stacks: what `allocscope info` says, over the stacks that it
counts; they are 20 calls deep and random, so that they share fewer frames than those of real programs."""

BLOCK_KINDS = (("24 bytes", "24"), ("48 bytes", "48"), ("256 bytes", "256"), ("8 to 128 bytes, every 64th 2,048", "mixed"))
# The keys of `allocscope info --json`.
STACK_COSTS = (("frames, index and row", ("stack_index", "nodes", "stacks")), ("counters of one thread", ("counters",)))


def run_blocks(bench, tool, blocks, kind):
    result = bench.runner.workload(bench.tools[tool], "live_workload", [blocks, kind, 1])
    bench.runner.remove_records()
    return result


def run_stacks(bench, stacks):
    bench.runner.workload(bench.tools[OURS], "pair_workload", [20, 2 * stacks, stacks, 1, 1])
    info = json.loads(bench.runner.shell(f"{bench.runner.allocscope} info --json {bench.runner.scratch}/run.snap")["output"])
    counts = {section["name"]: section["rows"] for section in info["sections"]}
    bench.runner.remove_records()
    return {"stacks": counts["stacks"], "nodes": counts["nodes"],
            **{words: sum(info["cost_bytes"][key] for key in keys) / counts["stacks"] for words, keys in STACK_COSTS}}


def measure(bench):
    rows = []
    blocks = 100_000 if bench.quick else 1_000_000
    for words, kind in BLOCK_KINDS:
        title = f"a live block of {words}, of {blocks:,}"
        if bench.wants(title):
            result = bench.turns.medians(title, lambda tool: run_blocks(bench, tool, blocks, kind), [PLAIN, OURS],
                                         usable_processors())
            plain, ours = (result[tool]["resident_bytes_per_block"] for tool in (PLAIN, OURS))
            rows.append([title, number(plain), number(ours - plain)])
    title = "a distinct stack"
    if bench.wants(title):
        cell = bench.turns.medians(title, lambda _: run_stacks(bench, blocks), [OURS], usable_processors())[OURS]
        count = f"{title}, of {cell['stacks']:,.0f} with {cell['nodes'] / cell['stacks']:.1f} frames of its own"
        rows += [[f"{count}: {words}", "-", number(cell[words])] for words, _ in STACK_COSTS]
    return table_of(["", "the program's own, bytes", "ours, bytes"], rows)
