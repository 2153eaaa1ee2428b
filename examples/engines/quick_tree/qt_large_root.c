/*
 * LargeRoot: a company's data, ten types, 1,436 instances. The shape (how many of each, in which order) is that of the
 * original's fixture; the contents are counted out here.
 */
#include "engines/quick_tree/qt_internal.h"
#include "engines/quick_tree/qt_models.h"
#include "engines/quick_tree/qt_text.h"

#include <time.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum {
	PARTS = 30,
	CARS = 30,
	DEALERSHIPS = 10,
	PEOPLE = 50, /* salespeople, and as many customers */
	ORDERS = 50,
	FIXTURE_BYTES = 1 << 20
};

/* Part lines of each component, car by car; line items of each order. */
static const char part_lines[] =
    "7 | 10 10 3 5 4 7 4 3 1 | 6 10 1 7 4 8 10 1 4 | 3 3 1 8 3 4 7 4 7 8 | 9 7 1 6 7 3 7 2 | 7 3 8 |"
    "2 2 8 1 8 2 2 5 3 10 | 9 2 6 2 3 7 3 | 5 4 6 5 10 1 7 | 2 5 7 2 5 8 | 9 3 7 1 7 5 1 1 |"
    "4 4 9 9 10 1 1 | 2 | 5 4 6 7 10 8 4 3 3 | 2 2 8 1 8 6 | 7 5 3 1 8 10 1 | 8 2 3 6 9 | 4 3 8 6 |"
    "9 7 2 6 5 8 | 6 8 5 4 1 7 10 4 | 6 10 | 2 2 3 1 9 7 10 8 5 7 | 10 1 | 2 4 7 1 8 1 7 7 8 |"
    "1 10 9 9 2 | 1 4 1 1 9 2 10 4 8 2 | 2 | 2 9 3 | 5 7 4 6 10 9 3 | 2 10";
static const char line_items[] =
    "2 3 2 1 2 1 3 3 1 2 2 1 3 3 1 3 3 2 1 1 1 2 1 1 1 3 1 2 1 2 1 2 2 2 "
    "1 3 1 2 1 2 1 3 1 3 2 2 1 2 1 2";

/* --- types --- */

static struct value now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	return qt_computed_date((double)time.tv_sec * 1e3);
}

static const struct qt_type *created_at(void)
{
	return qt_optional(&(struct qt_optional){.inner = &qt_date, .make_fallback = now});
}

static const struct qt_type *type_word(const char *word)
{
	const struct value literal = value_string(word);

	return qt_optional(
	    &(struct qt_optional){.inner = qt_literal(literal), .fallback = literal});
}

/* TYPE's declaration with its word first and createdAt last. */
static const struct qt_type *declare(const char *name, const char *word,
    const struct qt_property *middle, uint32_t middle_count, struct qt_declaration declaration)
{
	enum { PROPERTIES_MAX = 16 };
	struct qt_property properties[PROPERTIES_MAX] = {{"type", type_word(word)}};

	memcpy(&properties[1], middle, middle_count * sizeof(*middle));
	properties[middle_count + 1] = (struct qt_property){"createdAt", created_at()};
	declaration.name = name;
	declaration.properties = properties;
	declaration.property_count = middle_count + 2;
	return qt_register(&declaration, NULL);
}

static struct qt_node *node_at(struct qt_node *self, const char *name)
{
	return qt_get(self, name).as.object;
}

static struct value part_line_cost(struct qt_node *self, struct value argument)
{
	(void)argument;
	return value_integer(
	    qt_get(node_at(self, "part"), "cost").as.integer * qt_get(self, "quantity").as.integer);
}

static struct value component_cost(struct qt_node *self, struct value argument)
{
	struct qt_node *lines = node_at(self, "parts");
	int64_t cost = 0;

	for (uint32_t i = 0; i < qt_size(lines); i++)
		cost += part_line_cost(qt_entry(lines, qt_key(lines, i)).as.object, argument)
			    .as.integer;
	return value_integer(cost);
}

static struct value car_descriptor(struct qt_node *self, struct value argument)
{
	char text[96];

	(void)argument;
	snprintf(text, sizeof(text), "%lld %s %s", (long long)qt_get(self, "year").as.integer,
	    qt_get(self, "make").as.string, qt_get(self, "model").as.string);
	return qt_computed_string(text);
}

static struct value salesperson_name(struct qt_node *self)
{
	char text[64];

	snprintf(text, sizeof(text), "%s %s", qt_get(self, "firstName").as.string,
	    qt_get(self, "lastName").as.string);
	return qt_computed_string(text);
}

static const struct qt_type *register_car(void)
{
	static const struct qt_function cost_of_line[] = {{"cost", part_line_cost, QT_VIEW}};
	static const struct qt_function cost_of_component[] = {{"cost", component_cost, QT_VIEW}};
	static const struct qt_function descriptor[] = {{"descriptor", car_descriptor, QT_VIEW}};
	const struct qt_property part[] = {{"key", &qt_identifier}, {"name", &qt_string},
	    {"sku", &qt_string}, {"cost", &qt_number}, {"properties", qt_frozen()}};
	const struct qt_type *part_type =
	    declare("Part", "part", part, COUNT(part), (struct qt_declaration){.name = NULL});
	const struct qt_property line[] = {{"part", qt_reference(part_type)},
	    {"quantity", qt_optional(&(struct qt_optional){
			     .inner = &qt_number, .fallback = value_integer(0)})}};
	const struct qt_type *line_type = declare("PartLine", "partLine", line, COUNT(line),
	    (struct qt_declaration){.functions = cost_of_line, .function_count = 1});
	const struct qt_property component[] = {
	    {"key", &qt_identifier}, {"name", &qt_string}, {"parts", qt_map_of(line_type, NULL)}};
	const struct qt_type *component_type =
	    declare("Component", "component", component, COUNT(component),
		(struct qt_declaration){.functions = cost_of_component, .function_count = 1});
	const struct qt_property car[] = {{"key", &qt_identifier}, {"make", &qt_string},
	    {"model", &qt_string}, {"year", &qt_number}, {"description", &qt_string},
	    {"components", qt_map_of(component_type, NULL)}};

	return declare("Car", "car", car, COUNT(car),
	    (struct qt_declaration){.functions = descriptor, .function_count = 1});
}

static const struct qt_type *register_person(const char *name, const char *word, bool has_name)
{
	static const struct qt_getter getters[] = {{"name", salesperson_name}};
	const struct qt_property person[] = {{"key", &qt_identifier}, {"firstName", &qt_string},
	    {"lastName", &qt_string}, {"email", qt_maybe_null(&qt_string)},
	    {"phoneNumber", qt_maybe_null(&qt_string)}};

	return declare(name, word, person, COUNT(person),
	    (struct qt_declaration){.getters = getters, .getter_count = has_name});
}

static const struct qt_type *register_dealership(const struct qt_type *salesperson)
{
	const struct qt_property dealership[] = {{"key", &qt_identifier}, {"name", &qt_string},
	    {"streetAddress", &qt_string}, {"city", &qt_string}, {"province", &qt_string},
	    {"postalCode", &qt_string}, {"country", &qt_string},
	    {"salespeople", qt_array_of(qt_reference(salesperson), NULL)}};

	return declare("Dealership", "dealership", dealership, COUNT(dealership),
	    (struct qt_declaration){.name = NULL});
}

static const struct qt_type *register_order(const struct qt_type *car,
    const struct qt_type *dealership, const struct qt_type *salesperson,
    const struct qt_type *customer)
{
	const struct qt_property item[] = {
	    {"key", &qt_identifier}, {"car", qt_reference(car)}, {"price", &qt_number}};
	const struct qt_type *item_type = declare("OrderLineItem", "orderLineItem", item,
	    COUNT(item), (struct qt_declaration){.name = NULL});
	const struct qt_property order[] = {{"key", &qt_identifier},
	    {"dealership", qt_reference(dealership)}, {"salesperson", qt_reference(salesperson)},
	    {"customer", qt_reference(customer)}, {"lineItems", qt_array_of(item_type, NULL)}};

	return declare(
	    "Order", "order", order, COUNT(order), (struct qt_declaration){.name = NULL});
}

static struct value null_view(struct qt_node *self)
{
	(void)self;
	return value_null();
}

static struct value car_count(struct qt_node *self)
{
	return value_integer(qt_size(node_at(self, "cars")));
}

static struct value part_count(struct qt_node *self)
{
	return value_integer(qt_size(node_at(self, "parts")));
}

static struct value dealerships_count(struct qt_node *self)
{
	return value_integer(qt_size(node_at(self, "dealerships")));
}

/* As Object.keys(cars)[0] does: all keys are listed first. */
static struct value first_car(struct qt_node *self)
{
	const struct qt_node *cars = node_at(self, "cars");
	const uint32_t count = qt_size(cars);
	const size_t list_bytes = count * sizeof(const char *);
	const char **keys = count > 0 ? qt_key_list_new(list_bytes) : NULL;
	struct value first = value_undefined();

	for (uint32_t i = 0; i < count; i++)
		keys[i] = qt_key(cars, i);
	if (count > 0)
		first = value_string(keys[0]);
	qt_free(QT_KEY_LIST, keys, list_bytes);
	return first;
}

static struct value all_cars(struct qt_node *self)
{
	struct qt_iterator *iterator = qt_iterator_new(sizeof(*iterator));

	*iterator = (struct qt_iterator){.kind = QT_OTHER, .map = node_at(self, "cars")};
	return qt_own(iterator, sizeof(*iterator));
}

const struct qt_type *qt_large_root_register(void)
{
	static const struct qt_getter getters[] = {{"null", null_view}, {"carCount", car_count},
	    {"partCount", part_count}, {"dealershipsCount", dealerships_count},
	    {"firstCar", first_car}, {"allCars", all_cars}};
	const struct qt_type *car = register_car();
	const struct qt_type *salesperson = register_person("Salesperson", "salesperson", true);
	const struct qt_type *customer = register_person("Customer", "customer", false);
	const struct qt_type *dealership = register_dealership(salesperson);
	const struct qt_type *order = register_order(car, dealership, salesperson, customer);
	const struct qt_property properties[] = {
	    {"type", type_word("root")},
	    {"cars", qt_map_of(car, NULL)},
	    {"parts", qt_map_of(qt_find_type("Part"), NULL)},
	    {"dealerships", qt_map_of(dealership, NULL)},
	    {"salespeople", qt_map_of(salesperson, NULL)},
	    {"customers", qt_map_of(customer, NULL)},
	    {"orders", qt_map_of(order, NULL)},
	};

	return qt_register(&(struct qt_declaration){.name = "LargeRoot",
			       .properties = properties,
			       .property_count = COUNT(properties),
			       .getters = getters,
			       .getter_count = COUNT(getters)},
	    NULL);
}

/* --- the fixture --- */

struct fixture {
	struct qt_arena arena;
	int dates, components, lines, items;
};

static void set(struct qt_plain *plain, uint64_t index, const char *key, struct value value)
{
	plain->fields[index] = (struct qt_field){.key = key, .value = value};
}

/* An object with its word first and createdAt last. */
static struct qt_plain *dated(struct fixture *fixture, const char *word, uint64_t middle_count)
{
	struct qt_plain *plain = qt_arena_plain(&fixture->arena, false, middle_count + 2);

	set(plain, 0, "type", value_string(word));
	set(plain, middle_count + 1, "createdAt",
	    value_integer(INT64_C(1600000000000) + fixture->dates++));
	return plain;
}

/* "part-07": the number with at least DIGITS digits. */
static struct value text(struct fixture *fixture, const char *prefix, int digits, int number)
{
	return value_string(qt_arena_print(&fixture->arena, "%s%0*d", prefix, digits, number));
}

/* The next number of a list; *RET_SEPARATOR is '|' or '\0' when it was the last one of its group. */
static int next_number(const char **list, char *ret_separator)
{
	char *end = NULL;
	const long number = strtol(*list, &end, 10);

	end += strspn(end, " ");
	*ret_separator = *end;
	*list = *end == '|' ? end + 1 : end;
	return (int)number;
}

static int group_size(const char *list)
{
	char separator = ' ';
	int size = 0;

	while (separator != '|' && separator != '\0') {
		next_number(&list, &separator);
		size++;
	}
	return size;
}

static struct value part_line(struct fixture *fixture)
{
	const int k = fixture->lines++;
	struct qt_plain *line = dated(fixture, "partLine", 2);

	set(line, 1, "part", text(fixture, "part-", 2, 7 * k % PARTS));
	set(line, 2, "quantity", value_integer(1 + k % 10));
	return value_object(line);
}

static struct value component(struct fixture *fixture, int line_count, const char **ret_key)
{
	const int number = fixture->components++;
	struct qt_plain *plain = dated(fixture, "component", 3);
	struct qt_plain *lines = qt_arena_plain(&fixture->arena, false, (uint64_t)line_count);

	for (int i = 0; i < line_count; i++) {
		const char *key = qt_arena_print(&fixture->arena, "line-%03d", fixture->lines);

		set(lines, (uint64_t)i, key, part_line(fixture));
	}
	*ret_key = qt_arena_print(&fixture->arena, "comp-%03d", number);
	set(plain, 1, "key", value_string(*ret_key));
	set(plain, 2, "name", text(fixture, "Component ", 1, number));
	set(plain, 3, "parts", value_object(lines));
	return value_object(plain);
}

static struct value cars(struct fixture *fixture)
{
	const char *list = part_lines;
	struct qt_plain *all = qt_arena_plain(&fixture->arena, false, CARS);

	for (int i = 0; i < CARS; i++) {
		struct qt_plain *car = dated(fixture, "car", 6);
		struct qt_plain *components =
		    qt_arena_plain(&fixture->arena, false, (uint64_t)group_size(list));
		const struct value key = text(fixture, "car-", 2, i);
		char separator = ' ';

		for (uint64_t c = 0; c < components->count; c++) {
			const char *component_key = NULL;
			const int line_count = next_number(&list, &separator);
			const struct value made = component(fixture, line_count, &component_key);

			set(components, c, component_key, made);
		}
		set(car, 1, "key", key);
		set(car, 2, "make", text(fixture, "Make ", 1, i % 7));
		set(car, 3, "model", text(fixture, "Model ", 1, i));
		set(car, 4, "year", value_integer(1990 + i));
		set(car, 5, "description", value_string("a car"));
		set(car, 6, "components", value_object(components));
		set(all, (uint64_t)i, key.as.string, value_object(car));
	}
	return value_object(all);
}

static struct value parts(struct fixture *fixture)
{
	struct qt_plain *all = qt_arena_plain(&fixture->arena, false, PARTS);
	struct qt_plain *properties = qt_arena_plain(&fixture->arena, false, 1);

	set(properties, 0, "color", value_string("red"));
	for (int i = 0; i < PARTS; i++) {
		struct qt_plain *part = dated(fixture, "part", 5);
		const struct value key = text(fixture, "part-", 2, i);

		set(part, 1, "key", key);
		set(part, 2, "name", text(fixture, "Part ", 1, i));
		set(part, 3, "sku", text(fixture, "SKU-", 1, i));
		set(part, 4, "cost", value_integer(i));
		set(part, 5, "properties", value_object(properties));
		set(all, (uint64_t)i, key.as.string, value_object(part));
	}
	return value_object(all);
}

static struct value dealerships(struct fixture *fixture)
{
	static const char *const borrowed[] = {
	    "streetAddress", "city", "province", "postalCode", "country"};
	struct qt_plain *all = qt_arena_plain(&fixture->arena, false, DEALERSHIPS);

	for (int i = 0; i < DEALERSHIPS; i++) {
		struct qt_plain *dealership = dated(fixture, "dealership", 8);
		const struct value key = text(fixture, "dealer-", 1, i);

		set(dealership, 1, "key", key);
		set(dealership, 2, "name", text(fixture, "Dealership ", 1, i));
		for (uint64_t b = 0; b < COUNT(borrowed); b++)
			set(dealership, 3 + b, borrowed[b], value_string("somewhere"));
		set(dealership, 8, "salespeople",
		    value_object(qt_arena_plain(&fixture->arena, true, 0)));
		set(all, (uint64_t)i, key.as.string, value_object(dealership));
	}
	return value_object(all);
}

static struct value people(struct fixture *fixture, const char *word, const char *key_prefix)
{
	struct qt_plain *all = qt_arena_plain(&fixture->arena, false, PEOPLE);

	for (int i = 0; i < PEOPLE; i++) {
		struct qt_plain *person = dated(fixture, word, 5);
		const struct value key = text(fixture, key_prefix, 2, i);

		set(person, 1, "key", key);
		set(person, 2, "firstName", text(fixture, "First ", 1, i));
		set(person, 3, "lastName", text(fixture, "Last ", 1, i));
		set(person, 4, "email", i % 2 == 0 ? value_string("mail") : value_null());
		set(person, 5, "phoneNumber", i % 2 == 0 ? value_null() : value_string("555"));
		set(all, (uint64_t)i, key.as.string, value_object(person));
	}
	return value_object(all);
}

static struct value items(struct fixture *fixture, int count)
{
	struct qt_plain *list = qt_arena_plain(&fixture->arena, true, (uint64_t)count);

	for (int i = 0; i < count; i++) {
		const int j = fixture->items++;
		struct qt_plain *item = dated(fixture, "orderLineItem", 3);

		set(item, 1, "key", text(fixture, "item-", 2, j));
		set(item, 2, "car", text(fixture, "car-", 2, 11 * j % CARS));
		set(item, 3, "price", value_integer(100 + j));
		set(list, (uint64_t)i, NULL, value_object(item));
	}
	return value_object(list);
}

static struct value orders(struct fixture *fixture)
{
	const char *list = line_items;
	struct qt_plain *all = qt_arena_plain(&fixture->arena, false, ORDERS);

	for (int i = 0; i < ORDERS; i++) {
		struct qt_plain *order = dated(fixture, "order", 5);
		const struct value key = text(fixture, "order-", 2, i);
		char separator = ' ';

		set(order, 1, "key", key);
		set(order, 2, "dealership", text(fixture, "dealer-", 1, i % DEALERSHIPS));
		set(order, 3, "salesperson", text(fixture, "sales-", 2, 3 * i % PEOPLE));
		set(order, 4, "customer", text(fixture, "cust-", 2, i));
		set(order, 5, "lineItems", items(fixture, next_number(&list, &separator)));
		set(all, (uint64_t)i, key.as.string, value_object(order));
	}
	return value_object(all);
}

static struct qt_plain *build(struct fixture *fixture)
{
	struct qt_plain *root = qt_arena_plain(&fixture->arena, false, 7);

	set(root, 0, "type", value_string("root"));
	set(root, 1, "cars", cars(fixture));
	set(root, 2, "parts", parts(fixture));
	set(root, 3, "dealerships", dealerships(fixture));
	set(root, 4, "salespeople", people(fixture, "salesperson", "sales-"));
	set(root, 5, "customers", people(fixture, "customer", "cust-"));
	set(root, 6, "orders", orders(fixture));
	return root;
}

struct value qt_large_root_snapshot(bool with_parts)
{
	static char bytes[FIXTURE_BYTES];
	static struct fixture fixture = {.arena = {.bytes = bytes, .size = sizeof(bytes)}};
	static struct qt_plain *whole;
	static struct qt_plain *without_parts;

	if (whole == NULL) {
		whole = build(&fixture);
		without_parts = qt_arena_plain(&fixture.arena, false, whole->count);
		memcpy(without_parts->fields, whole->fields, whole->count * sizeof(*whole->fields));
		set(without_parts, 2, "parts",
		    value_object(qt_arena_plain(&fixture.arena, false, 0)));
	}
	return value_object(with_parts ? whole : without_parts);
}
