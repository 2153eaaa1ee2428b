/*
 * Scopes of <allocscope/assertions.h>, one behaviour per word on the command line; C11 and C++11. A
 * handler prints each failure and lets the program go on, but in "abort".
 */
#include <allocscope/allocscope.h>
#include <string.h>

static void *kept[4096];
static size_t kept_count;

static void __attribute__((noinline)) keep(size_t bytes)
{
	kept[kept_count++] = malloc(bytes);
}

static void __attribute__((noinline)) churn(int blocks)
{
	for (int i = 0; i < blocks; i++) {
		void *volatile block = malloc(10);

		free(block);
	}
}

static void __attribute__((noinline)) lose(void)
{
	void *volatile block = malloc(24);

	block = NULL;
	(void)block;
}

static void note(const char *name, uint64_t survivors)
{
	printf("handler %s %llu\n", name, (unsigned long long)survivors);
	fflush(stdout);
}

static void budget(void)
{
	ALLOCSCOPE_ASSERT_BUDGET("allocs", allocscope_max_allocs(5))
	{
		churn(5);
	}
	ALLOCSCOPE_ASSERT_BUDGET("allocs over", allocscope_max_allocs(4))
	{
		churn(5);
	}
	ALLOCSCOPE_ASSERT_BUDGET("bytes", allocscope_max_bytes(50), allocscope_max_allocs(5))
	{
		churn(5);
	}
	ALLOCSCOPE_ASSERT_BUDGET("bytes over", allocscope_max_bytes(49))
	{
		churn(5);
	}
	ALLOCSCOPE_ASSERT_BUDGET(
	    "retained", allocscope_max_retained_blocks(2), allocscope_max_retained_bytes(40))
	{
		keep(20);
		keep(20);
	}
	ALLOCSCOPE_ASSERT_BUDGET("blocks over", allocscope_max_retained_blocks(1))
	{
		keep(20);
		keep(20);
	}
	ALLOCSCOPE_ASSERT_BUDGET("both over", allocscope_max_retained_bytes(39),
	    allocscope_max_allocs(1), allocscope_max_retained_blocks(2))
	{
		keep(20);
		keep(20);
	}
	ALLOCSCOPE_ASSERT_BUDGET(
	    "no allocations", allocscope_max_allocs(0), allocscope_max_bytes(0))
	{
		kept_count += 0;
	}
	ALLOCSCOPE_ASSERT_BUDGET_PROCESS("process over", allocscope_max_allocs(0))
	{
		churn(1);
	}
}

static void rounds(void)
{
	int round = 0;

	/* the warm-up keeps, the rest does not */
	ALLOCSCOPE_ASSERT_ZERO_RETAINED_ROUNDS("warm", 2, 3)
	{
		if (++round <= 2)
			keep(8);
		churn(3);
	}
	printf("%d rounds\n", round);
	/* a block of an earlier counted round that dies in a later one is no survivor */
	ALLOCSCOPE_ASSERT_ZERO_RETAINED_ROUNDS("late", 0, 3)
	{
		static void *last;

		free(last);
		last = ++round == 8 ? NULL : malloc(8);
	}
	round = 0;
	ALLOCSCOPE_ASSERT_ZERO_RETAINED_ROUNDS("leak", 2, 4)
	{
		round++;
		for (int i = 0; i < round - 2; i++)
			keep(16);
	}
	ALLOCSCOPE_ASSERT_ZERO_RETAINED_ROUNDS("many", 1, 1000)
	{
		keep(1);
	}
}

static void leaving(void)
{
	int round = 0;

	ALLOCSCOPE_ASSERT_ZERO_RETAINED("break")
	{
		keep(1);
		if (kept_count > 0)
			break;
		keep(1);
	}
	ALLOCSCOPE_ASSERT_ZERO_RETAINED("continue")
	{
		keep(1);
		if (kept_count > 0)
			continue;
		keep(1);
	}
	ALLOCSCOPE_ASSERT_ZERO_RETAINED_ROUNDS("break of rounds", 1, 5)
	{
		keep(1);
		if (++round == 3)
			break;
	}
	ALLOCSCOPE_ASSERT_ZERO_RETAINED_ROUNDS("never counted", 2, 5)
	{
		break;
	}
	ALLOCSCOPE_ASSERT_ZERO_RETAINED_ROUNDS("no rounds", 2, 0)
	{
		churn(1);
	}
	ALLOCSCOPE_ASSERT_BUDGET("break of a budget", allocscope_max_allocs(0))
	{
		churn(1);
		break;
	}
}

static int returns_early(void)
{
	ALLOCSCOPE_ASSERT_ZERO_RETAINED("return")
	{
		keep(1);
		return 1;
	}
	return 0;
}

static void goes_elsewhere(void)
{
	ALLOCSCOPE_ASSERT_BUDGET("goto", allocscope_max_allocs(1))
	{
		ALLOCSCOPE_ASSERT_ZERO_RETAINED("goto of both")
		{
			keep(2);
			churn(1);
			goto out;
		}
	}
out:
	ALLOCSCOPE_ASSERT_ZERO_RETAINED("return without survivors")
	{
		return;
	}
}

static void leaving_far(void)
{
	int result = returns_early();

	printf("returned %d\n", result);
	goes_elsewhere();
}

static void nested(void)
{
	ALLOCSCOPE_ASSERT_ZERO_RETAINED("outer")
	{
		keep(8);
		ALLOCSCOPE_ASSERT_ZERO_RETAINED("inner")
		{
			keep(16);
			ALLOCSCOPE_ASSERT_ZERO_RETAINED("innermost")
			{
				churn(2);
			}
		}
		ALLOCSCOPE_ASSERT_BUDGET("budget", allocscope_max_allocs(2))
		{
			churn(2);
		}
	}
	ALLOCSCOPE_ASSERT_ZERO_RETAINED("after")
	{
		churn(2);
	}
}

static void iterations(void)
{
	ALLOCSCOPE_ASSERT_ZERO_RETAINED("around")
	{
		for (int i = 0; i < 3; i++) {
			ALLOCSCOPE_ITERATION("loop")
			{
				if (i > 0)
					keep(8);
			}
		}
		keep(4);
	}
	for (int i = 0; i < 2; i++) {
		ALLOCSCOPE_ITERATION("loop")
		{
			ALLOCSCOPE_ASSERT_ZERO_RETAINED("inside")
			{
				if (i == 1)
					keep(8);
			}
		}
	}
}

static void again(void)
{
	for (int i = 0; i < 12; i++) {
		ALLOCSCOPE_ASSERT_ZERO_RETAINED("again")
		{
			keep(8);
		}
	}
}

static void long_scope(void)
{
	ALLOCSCOPE_ASSERT_ZERO_RETAINED("long")
	{
		for (int i = 0; i < 1500; i++) {
			ALLOCSCOPE_ITERATION("loop")
			{
				churn(1);
			}
		}
	}
}

static struct allocscope_scope fixture;

static void set_up(void)
{
	fixture = allocscope_scope_make("fixture", __FILE__, __LINE__, false);
	(void)allocscope_scope_next(&fixture);
}

static void tear_down(void)
{
	allocscope_scope_end(&fixture);
}

static void fixtures(void)
{
	set_up();
	churn(3);
	tear_down();
	set_up();
	keep(5);
	tear_down();
	fixture =
	    allocscope_scope_make_rounds("fixture of rounds", __FILE__, __LINE__, false, 1, 2);
	while (allocscope_scope_next(&fixture))
		keep(6);
	tear_down();
}

static void lost(void)
{
	ALLOCSCOPE_ASSERT_ZERO_RETAINED("lost")
	{
		lose();
	}
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";

	printf("begin\n");
	fflush(stdout); /* the buffer is there */
	if (strcmp(how, "abort") != 0)
		allocscope_on_failure(note);
	if (strcmp(how, "budget") == 0)
		budget();
	else if (strcmp(how, "rounds") == 0)
		rounds();
	else if (strcmp(how, "leaving") == 0)
		leaving();
	else if (strcmp(how, "return") == 0)
		leaving_far();
	else if (strcmp(how, "nested") == 0 || strcmp(how, "abort") == 0)
		nested();
	else if (strcmp(how, "iterations") == 0)
		iterations();
	else if (strcmp(how, "again") == 0)
		again();
	else if (strcmp(how, "fixtures") == 0)
		fixtures();
	else if (strcmp(how, "lost") == 0)
		lost();
	else if (strcmp(how, "long") == 0)
		long_scope();
	printf("end\n");
	return 0;
}
