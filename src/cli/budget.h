/*
 * A file of limits, `check --budget FILE`:
 *
 *   {"version": 1,
 *    "limits": {"max-retained": "64K", "no-growth": true},
 *    "sites": [{"site": "^cache_*", "max-retained": "1M", "no-growth": true},
 *              {"site": "pool.c", "max-retained": "8blocks"}]}
 *
 * "limits" are those of the command line, which win. A site's pattern is that of a suppression (suppression.h), matched
 * with the function, the source file and the module of a site. A site is judged by the first budget that matches it, and no
 * longer counts for the general limits. Numbers are bytes, or what the limit counts; texts are as on the command line.
 */
#ifndef CLI_BUDGET_H
#define CLI_BUDGET_H

#include "analysis/check.h"

#define BUDGET_NONE UINT32_MAX

struct budget {
	const char *site; /* pattern */
	struct check_limits limits;
};

struct budget_list {
	struct check_limits general;
	struct budget *rows;
	size_t count;
	void *root; /* private: the strings */
};

/* Dies when the file cannot be read or says what it must not. */
void budgets_read(struct budget_list *list, const char *path);
void budgets_release(struct budget_list *list);
/* Which budget the site of each logical stack of INPUT has; free() it. */
uint32_t *budgets_of_stacks(const struct budget_list *list, const struct group_input *input);

#endif
