"""What a section of the benchmarks gets in order to measure."""
import re

from harness.runs import Runner
from harness.tools import tools_of
from harness.turns import Turns


class Bench:
    def __init__(self, build, options):
        self.runner = Runner(build)
        self.options = options
        self.quick = options.quick
        self.turns = None
        self.tools, self.left_out = {}, []

    def begin_section(self, snapshot_at_exit):
        self.runner.begin_section()
        self.turns = Turns(self.options.repeat, self.options.wait_idle)
        self.tools = tools_of(self.runner.build, snapshot_at_exit)
        self.left_out = []

    def present(self, names):
        """Those of NAMES that this machine has; the others are named in the results."""
        for name in names:
            words = f"{name} was left out: {self.tools[name].missing}."
            if self.tools[name].missing and words not in self.left_out:
                self.left_out.append(words)
        return [name for name in names if not self.tools[name].missing]

    def wants(self, title):
        """Whether the row called TITLE is to be measured (--rows)."""
        return re.search(self.options.rows, title) is not None
