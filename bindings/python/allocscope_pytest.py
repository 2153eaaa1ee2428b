"""A plugin for pytest: tests that may leave nothing behind.

    pytest -p allocscope_pytest          # or in conftest.py: pytest_plugins = ["allocscope_pytest"]

    @pytest.mark.allocscope                          # 3 rounds of warm-up, then 10 that count
    def test_parse():
        parse("1 + 1")

    @pytest.mark.allocscope(rounds=100, warmup=5, max_blocks=0)
    def test_many(): ...

    def test_part(allocscope_zero_retained):
        parser = Parser()
        with allocscope_zero_retained("one line"):
            parser.parse("1 + 1")

A marked test is called warmup + rounds times with the same fixtures; what is judged are the blocks that its last calls leave
behind, so what pytest itself allocates around a test does not count. It fails where pytest shows it, with sites on
standard error. Run pytest under `allocscope run -- python3 -m pytest ...` with PYTHONMALLOC=malloc.
"""
import functools

import pytest

import allocscope


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "allocscope(rounds=10, warmup=3, max_blocks=0): what the last calls of the test retain")


def pytest_report_header():
    if not allocscope.active():
        return "allocscope: the preload is absent; marked tests fail, or are skipped with ALLOCSCOPE_OPTIONAL=1"
    if not allocscope.sees_objects():
        return "allocscope: only objects of more than 512 bytes are seen; PYTHONMALLOC=malloc shows all"
    return "allocscope: every object is seen"


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    __tracebackhide__ = True  # pylint: disable=unused-variable
    marker = pyfuncitem.get_closest_marker("allocscope")
    if marker is None:
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}  # pylint: disable=protected-access
    call = functools.partial(pyfuncitem.obj, **arguments)
    if not allocscope.active() and allocscope.may_skip():
        call()
        pytest.skip("allocscope: passed, but what it retains was not checked: the preload is absent")
    allocscope.assert_zero_retained(call, name=pyfuncitem.name, **marker.kwargs)
    return True


@pytest.fixture
def allocscope_zero_retained():
    """allocscope.zero_retained: a context manager that fails when its block leaves something behind."""
    return allocscope.zero_retained
