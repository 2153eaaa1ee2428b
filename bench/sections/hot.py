"""One pair of malloc and free under every tool, by depth, habit of the stack, threads, and kind of program."""
from harness.machine import usable_processors
from harness.results import number, ratio, table_of
from harness.tools import (GPERFTOOLS, HEAPTRACK, LIBUNWIND, LSAN, LSAN_WHOLE, OURS, PLAIN, SAMPLED)

TITLE = "The hot path beside the peers"
TARGET = "bench-hot"
SNAPSHOT_AT_EXIT = False
WORDS = """Nanoseconds that a tool adds to one pair of malloc(48) and free, the loop around it taken off. One thread: its
CPU time. Several: wall time of the slowest thread, times the processors that can work at once. Depth counts the
program's own frames. *same*: every pair from one stack. *inner*: the return addresses of the four innermost frames change
at every pair. *random*: every pair descends from the outermost frame along one of 1,024 stacks (16 at depth 5).

allocscope keeps whole stacks, and so do heaptrack (up to 62 frames), gperftools (up to 32 frames) and LSan
with `malloc_context_size=128`. LSan walks frame pointers: in a program built without them it records one or two frames, and
only `fast_unwind_on_malloc=0` (*LSan, whole stacks*) records what the others do. LSan and gperftools bring an allocator of
their own, which is in their number. heaptrack is its preload library alone, which writes its raw record to a file: no
interpreter, no compressor. Slow tools make fewer pairs, as the commands show."""

DEPTHS, HABITS, THREADS = (5, 20, 60), ("same", "inner", "random"), (1, 2, 4)
PROGRAMS = (("built without frame pointers", "hot_workload"),
            ("built with frame pointers", "hot_workload.frame_pointers"))
# What a run is to take, and a guess at the nanoseconds of a pair: some, and some per frame. It only chooses a count.
RUN_NS = 60e6
GUESSES = {PLAIN: (12, 0), OURS: (25, 0.8), LIBUNWIND: (120, 10), SAMPLED: (18, 0), HEAPTRACK: (200, 14),
           GPERFTOOLS: (4000, 250), LSAN: (60, 1), LSAN_WHOLE: (2000, 400)}
LOOP_GUESSES = {"same": (2, 0), "inner": (4, 0), "random": (10, 8)}
# Taking a fresh stack apart costs the tools that remember the last one as much as the others.
RANDOM_EXTRA = {OURS: 12, HEAPTRACK: 10}


def pairs_of(tool, habit, depth, threads, quick):
    base, per_frame = GUESSES[tool]
    loop_base, loop_per_frame = LOOP_GUESSES[habit]
    guess = base + per_frame * depth + 2 * (loop_base + loop_per_frame * depth)
    if habit == "random":
        guess += RANDOM_EXTRA.get(tool, 0) * depth
    if tool == HEAPTRACK and threads > 1:
        guess *= 4  # its lock
    pairs = RUN_NS / (20 if quick else 1) / guess * min(threads, len(usable_processors())) / threads
    digits = 10 ** max(0, len(str(int(pairs))) - 2)
    return max(1000, int(pairs) // digits * digits)


def tools_for(bench, program):
    wanted = [PLAIN, OURS, LIBUNWIND, SAMPLED, HEAPTRACK, GPERFTOOLS, LSAN]
    return bench.present(wanted + ([LSAN_WHOLE] if program == "hot_workload" else []))


def measure_cell(bench, title, program, depth, habit, threads):
    processors = {max(usable_processors())} if threads == 1 else usable_processors()

    def run(tool):
        pairs = pairs_of(tool, habit, depth, threads, bench.quick)
        result = bench.runner.workload(bench.tools[tool], program, [depth, habit, pairs, threads], processors=processors,
                                       noted=tool in (PLAIN, OURS, GPERFTOOLS) and (depth, threads) == (20, 1))
        bench.runner.remove_records()
        return result
    return bench.turns.medians(title, run, tools_for(bench, program))


def measure(bench):
    parts = []
    for words, program in PROGRAMS:
        totals = {}
        for habit in HABITS:
            for depth in DEPTHS:
                for threads in THREADS:
                    title = f"{habit}, depth {depth}, {threads} thread{'s' * (threads > 1)}"
                    if bench.wants(f"{title}, {words}"):
                        totals[habit, depth, threads] = measure_cell(
                            bench, f"{title}, {words}", program, depth, habit, threads)
        tools = [tool for tool in tools_for(bench, program) if tool != PLAIN]
        parts.append(f"### A program {words}\n\n" + added_table(totals, tools))
        parts.append("Time of a pair and the loop around it on 2 / 4 threads, against one thread of the same tool (1.00 = "
                     "perfect scaling):\n\n" +
                     scaling_table(totals, [PLAIN] + tools))
    return "\n\n".join(parts)


def added_table(totals, tools):
    compared = [tool for tool in (HEAPTRACK, LSAN, LSAN_WHOLE, GPERFTOOLS) if tool in tools]
    rows = []
    for (habit, depth, threads), result in totals.items():
        if PLAIN not in result:
            continue
        plain = result[PLAIN]["ns_per_pair"]
        added = {tool: cell["ns_per_pair"] - plain for tool, cell in result.items()}
        rows.append([f"{habit}, depth {depth}, {threads} thread{'s' * (threads > 1)}", number(plain)] +
                    [number(added.get(tool)) for tool in tools] +
                    [ratio(added.get(OURS), added.get(tool)) for tool in compared])
    return table_of(["", "plain pair, ns"] + [f"{tool} adds" for tool in tools] +
                    [f"{tool} / allocscope" for tool in compared], rows)


def scaling_table(totals, tools):
    rows = []
    for habit in HABITS:
        for depth in DEPTHS:
            cells = [totals.get((habit, depth, threads), {}) for threads in THREADS]
            if all(cells):
                rows.append([f"{habit}, depth {depth}"] + [scaling_words(tool, cells) for tool in tools])
    return table_of([""] + tools, rows)


def scaling_words(tool, cells):
    if not all(tool in cell for cell in cells):
        return "-"
    one, *more = (cell[tool]["ns_per_pair"] + cell[tool]["ns_per_loop"] for cell in cells)
    return " / ".join(number(many / one, 2) for many in more)
