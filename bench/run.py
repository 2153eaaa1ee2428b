#!/usr/bin/env python3
"""What allocscope costs, beside its peers and beside nothing; the tables go to a file, one section each.

    python3 bench/run.py --build build/release --output bench/results.md [--only pairs,live] [--rows PATTERN] [--quick]

Every cell is the median of --repeat runs in which the tools took turns. A section is written when it is done and
leaves the other sections of the file as they were. With --rows the tables are only printed.
"""
import argparse
import shlex
import sys
import time

sys.dont_write_bytecode = True
# pylint: disable=wrong-import-position  # the line above must come first
from harness.bench import Bench
from harness.machine import OtherWork, first_line, machine_words
from harness.results import details, replace_sections
from sections import analysis, graph, hot, live, marks, memory, pairs, programs, redis

SECTIONS = {"hot": hot, "programs": programs, "pairs": pairs, "live": live, "memory": memory, "graph": graph, "redis": redis,
            "analysis": analysis, "marks": marks}

DISTURBED_SHARE = 0.15  # of the processors, from which on wall times say little


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build/release")
    parser.add_argument("--output", default="bench/results.md")
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="small sizes: proves the machinery, not the numbers")
    parser.add_argument("--only", default=",".join(SECTIONS), help="sections: " + ", ".join(SECTIONS))
    parser.add_argument("--rows", default="", metavar="PATTERN",
                        help="only rows whose title matches this regular expression; writes no file")
    parser.add_argument("--wait-idle", type=float, default=5,
                        help="seconds to wait for the processors before a run of pairs, live and marks")
    return parser.parse_args()


def measure(bench, section):
    """The body of SECTION, measured now."""
    bench.begin_section(section.SNAPSHOT_AT_EXIT)
    others = OtherWork()
    begin = time.monotonic()
    tables = section.measure(bench)
    share = others.share()
    parts = [f"`make {section.TARGET}`, {time.strftime('%Y-%m-%d', time.gmtime())}, allocscope "
             f"{first_line(bench.runner.allocscope, '--version').split()[-1]} at "
             f"{first_line('git', 'describe', '--always', '--dirty')}. Medians of {bench.options.repeat} runs"
             f"{' of reduced size (--quick)' if bench.quick else ''} in turn, {(time.monotonic() - begin) / 60:.0f} minutes; "
             f"meanwhile other work took {share:.0%} of the processors."]
    if share > DISTURBED_SHARE:
        parts.append("**Disturbed**: CPU times, memory and ratios of CPU times hold; wall times, and with them every row of "
                     "several threads, measure the other work too.")
    parts += [words for words in (section.WORDS, tables, "\n".join(bench.left_out)) if words]
    if bench.turns.failures:
        parts.append(f"What failed and has no number:\n\n{bench.turns.failure_words()}")
    prefixes = [f"{tool + ':':32}{line}" for tool, line in bench.runner.prefixes.items()]
    parts.append(details("The commands", bench.runner.commands + [""] + prefixes))
    return "\n\n".join(parts)


def main():
    options = arguments()
    wanted = options.only.split(",")
    unknown = [key for key in wanted if key not in SECTIONS]
    if unknown:
        sys.exit(f"bench: no section {shlex.join(unknown)}; there are {', '.join(SECTIONS)}")
    bench = Bench(options.build, options)
    order = [section.TITLE for section in SECTIONS.values()]
    failures = False
    try:
        for key in wanted:
            section = SECTIONS[key]
            body = measure(bench, section)
            failures = failures or bench.turns.failed_ours()
            if not options.rows:
                replace_sections(options.output, machine_words() + ".", {section.TITLE: body}, order)
            print(f"## {section.TITLE}\n\n{body}\n")
    finally:
        bench.runner.release()
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
