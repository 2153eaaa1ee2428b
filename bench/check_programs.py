#!/usr/bin/env python3
"""The real programs of the benchmarks under unwinder=check: what it says of the stacks of each.

check_programs.py BUILD LIBRARY [TURNS [PATTERN]]: for each program whose title matches PATTERN, TURNS times, lines of the
title, a tab and a sentence: the differences that the recorder LIBRARY printed, at last its numbers, or why there are none.
"""
import os
import re
import sys
from types import SimpleNamespace

sys.dont_write_bytecode = True
# pylint: disable=wrong-import-position  # the line above must come first
from harness.inputs import write_inputs
from harness.runs import RunFailed, Runner
from harness.tools import Tool
from sections.programs import PROGRAMS, path_of, run_program

CHECK = "unwinder=check"


def check(runner, library, program, inputs):
    """What one run of PROGRAM said."""
    tool = Tool(CHECK, {"LD_PRELOAD": library, "ALLOCSCOPE_OPTIONS": f"quiet=1:graph=0:snapshot_at=:{CHECK}"})
    bench = SimpleNamespace(runner=runner)
    if path_of(bench, program.command[0]) is None:
        return [f"{program.command[0]} is not installed"]
    try:
        run_program(bench, tool, program, inputs)
    except (RunFailed, FileNotFoundError) as failure:
        return [str(failure)]
    with open(f"{runner.scratch}/errors", encoding="utf-8", errors="replace") as errors:
        return [line.strip() for line in errors if CHECK in line] or ["nothing was compared"]


def main(build, library, turns="1", pattern=""):
    programs = [program for program in PROGRAMS if re.search(pattern, program.title)]
    if not programs:
        return
    runner = Runner(build)
    inputs = os.path.join(runner.build, "bench", "inputs")
    write_inputs(inputs)
    try:
        for program in programs:
            for _ in range(int(turns)):
                for sentence in check(runner, os.path.abspath(library), program, inputs):
                    print(f"{program.title}\t{sentence}", flush=True)
    finally:
        runner.release()


main(*sys.argv[1:])
