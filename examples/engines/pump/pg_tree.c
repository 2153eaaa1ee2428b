/*
 * The execution tree: a node for each flow that ended, kept for queries.
 *
 * A child is added before its parent, for it ends first. A node takes over its execution's id; the tree's other lists
 * borrow it, except for the key of a list of children, which may stand there before the parent's node does. When an
 * insert makes more than `limit` nodes, the oldest root goes with all below it.
 */
#include "engines/pump/pg_internal.h"

enum { FIRST_CAPACITY = 8 };

static const struct pg_map_kind nodes_kind = {
    PG_NODES_HEADER, {.table = &pg_books[PG_NODES_TABLE], .first_capacity = FIRST_CAPACITY}};
static const struct pg_map_kind by_parent_kind = {PG_BY_PARENT_HEADER,
    {.table = &pg_books[PG_BY_PARENT_TABLE], .first_capacity = FIRST_CAPACITY}};
static const struct pg_map_kind node_tags_kind = {PG_NODE_TAGS_HEADER,
    {.table = &pg_books[PG_NODE_TAGS_TABLE], .first_capacity = FIRST_CAPACITY}};
static const struct vec_kind roots_kind = {
    .backing = &pg_books[PG_ROOTS], .item_bytes = sizeof(char *), .first_capacity = 1};
static const struct vec_kind children_kind = {
    .backing = &pg_books[PG_CHILDREN], .item_bytes = sizeof(char *), .first_capacity = 1};

struct pg_tree *pg_tree_open(void)
{
	struct pg_tree *tree = pg_exectree_new(sizeof(*tree));

	*tree = (struct pg_tree){.limit = pg_options.tree_limit};
	pg_map_open(&tree->nodes, &nodes_kind);
	pg_map_open(&tree->by_parent, &by_parent_kind);
	return tree;
}

static void text_free(enum pg_block kind, char *text)
{
	if (text != NULL)
		pg_free(kind, text, strlen(text) + 1);
}

static char *text_copy(enum pg_block kind, const char *text)
{
	const size_t size_bytes = strlen(text) + 1;

	return memcpy(pg_books[kind].make(size_bytes), text, size_bytes);
}

static void node_free(struct pg_node *node)
{
	pg_tags_free(&node->tags, &node_tags_kind);
	text_free(PG_EXECUTION_ID, node->id);
	text_free(PG_NODE_PARENT, node->parent_id);
	pg_free(PG_NODE, node, sizeof(*node));
}

static void children_free(struct omap_entry entry)
{
	struct vec children = pg_list_of_value(entry.value);

	vec_release(&children, &children_kind);
	text_free(PG_BY_PARENT_KEY, entry.key.as.object);
}

void pg_tree_free(struct pg_tree *tree)
{
	for (uint32_t i = 0; tree->nodes != NULL && i < tree->nodes->count; i++)
		node_free(tree->nodes->entries[i].value.as.object);
	for (uint32_t i = 0; tree->by_parent != NULL && i < tree->by_parent->count; i++)
		children_free(tree->by_parent->entries[i]);
	pg_map_free(&tree->nodes, &nodes_kind);
	pg_map_free(&tree->by_parent, &by_parent_kind);
	vec_release(&tree->roots, &roots_kind);
	pg_free(PG_EXECTREE, tree, sizeof(*tree));
}

/* --- removal --- */

static void remove_subtree(struct pg_tree *tree, const char *id)
{
	struct omap_entry list = {0};
	struct omap_entry node = {0};

	if (tree->by_parent != NULL && omap_delete(tree->by_parent, value_string(id), &list)) {
		const struct vec children = pg_list_of_value(list.value);

		for (uint32_t i = 0; i < children.count; i++)
			remove_subtree(tree, vec_pointer_at(&children, i));
		children_free(list);
	}
	if (omap_delete(tree->nodes, value_string(id), &node))
		node_free(node.value.as.object);
}

static void remove_oldest(struct pg_tree *tree)
{
	void **roots = tree->roots.items;
	const char *oldest = NULL;

	if (tree->roots.count == 0)
		return;
	oldest = roots[0];
	tree->roots.count--;
	memmove(roots, roots + 1, tree->roots.count * sizeof(*roots));
	remove_subtree(tree, oldest);
}

/* --- insertion --- */

static struct pg_node *node_of(struct pg_execution *execution)
{
	struct pg_node *node = pg_node_new(sizeof(*node));
	const struct omap *data = execution->data;

	*node = (struct pg_node){.id = execution->id};
	execution->id = NULL;
	if (execution->parent != NULL)
		node->parent_id = text_copy(PG_NODE_PARENT, execution->parent->id);
	for (uint32_t i = 0; i < data->count; i++)
		pg_map_set(&node->tags, &node_tags_kind, data->entries[i].key,
		    pg_value_retain(data->entries[i].value));
	pg_counts.nodes++;
	pg_counts.node_tags += data->count;
	return node;
}

static void add_to_children(struct pg_tree *tree, const struct pg_node *node)
{
	struct value *found = pg_map_find(tree->by_parent, value_string(node->parent_id));
	struct vec children = found != NULL ? pg_list_of_value(*found) : (struct vec){0};

	if (found == NULL)
		found = pg_map_set(&tree->by_parent, &by_parent_kind,
		    value_string(text_copy(PG_BY_PARENT_KEY, node->parent_id)),
		    pg_value_of_list(children));
	vec_push_pointer(&children, &children_kind, node->id);
	*found = pg_value_of_list(children);
}

void pg_tree_add(struct pg_tree *tree, struct pg_execution *execution)
{
	struct pg_node *node = node_of(execution);

	pg_map_set(&tree->nodes, &nodes_kind, value_string(node->id), value_object(node));
	if (node->parent_id == NULL)
		vec_push_pointer(&tree->roots, &roots_kind, node->id);
	else
		add_to_children(tree, node);
	if (tree->limit != 0 && tree->nodes->count > tree->limit)
		remove_oldest(tree);
}

/* --- queries --- */

const struct pg_node *pg_tree_node(const struct pg_scope *scope, const char *id)
{
	const struct value *found = NULL;
	const struct pg_node *node = NULL;

	pg_enter();
	found = id != NULL ? pg_map_find(scope->tree->nodes, value_string(id)) : NULL;
	node = found != NULL ? found->as.object : NULL;
	pg_leave();
	return node;
}

uint32_t pg_tree_node_count(const struct pg_scope *scope)
{
	return scope->tree->nodes != NULL ? scope->tree->nodes->count : 0;
}

uint32_t pg_tree_root_count(const struct pg_scope *scope)
{
	return scope->tree->roots.count;
}

const struct pg_node *pg_tree_node_at(const struct pg_scope *scope, uint32_t place)
{
	return place < pg_tree_node_count(scope)
		   ? scope->tree->nodes->entries[place].value.as.object
		   : NULL;
}

const struct pg_node *pg_tree_root(const struct pg_scope *scope, uint32_t place)
{
	return place < pg_tree_root_count(scope)
		   ? pg_tree_node(scope, vec_pointer_at(&scope->tree->roots, place))
		   : NULL;
}

static struct vec children_of(const struct pg_scope *scope, const char *id)
{
	const struct value *found = pg_map_find(scope->tree->by_parent, value_string(id));

	return found != NULL ? pg_list_of_value(*found) : (struct vec){0};
}

uint32_t pg_tree_child_count(const struct pg_scope *scope, const char *id)
{
	return children_of(scope, id).count;
}

const struct pg_node *pg_tree_child(const struct pg_scope *scope, const char *id, uint32_t place)
{
	const struct vec children = children_of(scope, id);

	return place < children.count ? pg_tree_node(scope, vec_pointer_at(&children, place))
				      : NULL;
}

void pg_tree_walk(const struct pg_scope *scope, const char *id,
    bool (*visit)(const struct pg_node *node, void *user), void *user)
{
	const struct pg_node *node = pg_tree_node(scope, id);

	if (node == NULL || !visit(node, user))
		return;
	for (uint32_t i = 0; i < pg_tree_child_count(scope, id); i++)
		pg_tree_walk(scope, pg_node_id(pg_tree_child(scope, id, i)), visit, user);
}

const char *pg_node_id(const struct pg_node *node)
{
	return node->id;
}

const char *pg_node_parent_id(const struct pg_node *node)
{
	return node->parent_id;
}

bool pg_node_tag(const struct pg_node *node, const struct pg_tag *tag, struct value *ret_value)
{
	return pg_tags_get(node->tags, tag, ret_value);
}
