#include "cli/budget.h"

#include <stdlib.h>
#include <string.h>

#include "cli/arguments.h"
#include "cli/fatal.h"
#include "cli/json_file.h"
#include "report/suppression.h"

/* Is RULE told by counters of the whole process, and not by blocks, so that no site has its own? */
static bool is_of_process(enum check_rule rule)
{
	return rule == CHECK_MAX_ALLOCS_PER_ITERATION || rule == CHECK_MAX_BYTES_PER_ITERATION;
}

static void read_limit(const char *path, const char *name, const json_t *value, bool of_site,
    struct check_limits *limits)
{
	struct argument_number number = {0};
	enum check_rule rule;

	if (!check_rule_find(name, false, &rule) || rule == CHECK_BASELINE)
		json_file_refuse(path, "\"%s\" is no limit", name);
	if (of_site && is_of_process(rule))
		json_file_refuse(
		    path, "\"%s\" is counted for the whole process, not for a site", name);
	if (rule == CHECK_NO_GROWTH) {
		if (!json_is_boolean(value))
			json_file_refuse(path, "\"%s\" is neither true nor false", name);
		limits->set[rule] = json_is_true(value);
		return;
	}
	if (json_is_integer(value) && json_integer_value(value) >= 0) {
		number.value = (uint64_t)json_integer_value(value);
	} else if (!json_is_string(value) ||
		   !arguments_size_of(json_string_value(value), !is_of_process(rule), &number)) {
		json_file_refuse(path, "\"%s\" is not bytes as N, \"NK\", \"NM\" or \"NG\"%s", name,
		    is_of_process(rule) ? "" : ", or \"Nblocks\"");
	}
	(void)check_rule_find(name, number.is_blocks || is_of_process(rule), &rule);
	limits->set[rule] = true;
	limits->limit[rule] = number.value;
}

static void read_site(const char *path, json_t *entry, struct budget *budget)
{
	const char *name = NULL;
	json_t *value = NULL;

	budget->site = json_string_value(json_object_get(entry, "site"));
	if (budget->site == NULL)
		json_file_refuse(path, "an entry of \"sites\" has no text \"site\"");
	if (json_object_size(entry) == 1)
		json_file_refuse(path, "the site \"%s\" has no limit", budget->site);
	json_object_foreach(entry, name, value)
	{
		if (strcmp(name, "site") != 0)
			read_limit(path, name, value, true, &budget->limits);
	}
}

void budgets_read(struct budget_list *list, const char *path)
{
	json_t *root = json_file_read(path);
	json_t *value = NULL, *sites = json_object_get(root, "sites");
	const char *name = NULL;

	*list = (struct budget_list){.root = root};
	json_object_foreach(root, name, value)
	{
		if (strcmp(name, "version") != 0 && strcmp(name, "limits") != 0 &&
		    strcmp(name, "sites") != 0)
			json_file_refuse(path, "\"%s\" is not known", name);
	}
	json_object_foreach(json_object_get(root, "limits"), name, value)
	    read_limit(path, name, value, false, &list->general);
	list->rows = xcalloc(json_array_size(sites) + 1, sizeof *list->rows);
	for (; list->count < json_array_size(sites); list->count++)
		read_site(path, json_array_get(sites, list->count), &list->rows[list->count]);
}

void budgets_release(struct budget_list *list)
{
	free(list->rows);
	json_decref(list->root);
	*list = (struct budget_list){0};
}

uint32_t *budgets_of_stacks(const struct budget_list *list, const struct group_input *input)
{
	const struct heap *heap = input->heap;
	uint32_t *rows = xmalloc((heap->stack_count + 1) * sizeof *rows);

	for (uint32_t stack = 0; stack < heap->stack_count; stack++) {
		struct site_frame site;
		bool has_site = site_of_stack(heap, input->names, input->rules, stack, &site);

		rows[stack] = BUDGET_NONE;
		for (size_t i = 0; has_site && i < list->count && rows[stack] == BUDGET_NONE; i++)
			if (suppression_matches_frame(list->rows[i].site, heap, &site))
				rows[stack] = (uint32_t)i;
	}
	return rows;
}
