"""For pytest under the plugin: which tests pass and which fail is what test/integration/python.bats asks for."""
import pytest

kept = []
keeps_once = {}


@pytest.fixture
def text():
    return "made by a fixture " * 50


@pytest.mark.allocscope
def test_clean(text):
    table = {str(number): [number] for number in range(300)}
    assert len(table) == 300 and text.startswith("made")


@pytest.mark.allocscope
def test_keeps():
    kept.append(object())


@pytest.mark.allocscope(rounds=5, warmup=2)
def test_lazy():
    """What is made once is made in the warm-up."""
    if "table" not in keeps_once:
        keeps_once["table"] = [object() for _ in range(100)]
    assert len(keeps_once["table"]) == 100


@pytest.mark.allocscope(max_blocks=10)
def test_keeps_what_it_may():
    kept.append(object())


def test_part(allocscope_zero_retained):
    kept.append(object())
    with allocscope_zero_retained("a part"):
        assert str(len(kept)) + "!" != ""


def test_part_keeps(allocscope_zero_retained):
    with allocscope_zero_retained("a part"):
        kept.append(object())
