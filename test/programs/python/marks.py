"""20 iterations, each of which keeps one object of 16 bytes; what functions retain, as text."""
import sys

import allocscope

kept = []
slots = [None] * 40


def clean():
    table = {str(number): [number] for number in range(1000)}
    assert len(table) == 1000


def make_circle():
    first = []
    first.append([first])


def keep():
    kept.append(object())


@allocscope.iterations("decorated")
def decorated(slot):
    slots[slot] = object()


if sys.argv[1] == "iterations":
    for number in range(20):
        with allocscope.iteration("block"):
            slots[2 * number] = object()
        decorated(2 * number + 1)
elif sys.argv[1] == "retained":
    for function in (clean, make_circle, keep):
        print(function.__name__, allocscope.retained_by(function))
elif sys.argv[1] == "assertions":
    allocscope.assert_zero_retained(clean)
    with allocscope.zero_retained("clean"):
        clean()
    try:
        allocscope.assert_zero_retained(keep)
    except AssertionError as error:
        print(error)
    try:
        with allocscope.zero_retained("one object"):
            keep()
    except AssertionError as error:
        print(error)
    with allocscope.paused():
        before = allocscope.stats()["thread"]["allocs"]
        keep()
        assert allocscope.stats()["thread"]["allocs"] == before
    print("done", allocscope.active())
