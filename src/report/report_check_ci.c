#include "report/report_check_ci.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/status.h"
#include "report/text_number.h"
#include "report/utf8.h"

/* Text that is written into memory first, to be escaped. */
struct draft {
	FILE *out;
	char *text;
	size_t bytes;
};

static bool draft_open(struct draft *draft)
{
	*draft = (struct draft){0};
	draft->out = open_memstream(&draft->text, &draft->bytes);
	return draft->out != NULL;
}

static bool draft_close(struct draft *draft)
{
	return fclose(draft->out) == 0 && draft->text != NULL;
}

/* ---- JUnit ---- */

static void put_xml(FILE *out, const char *text, bool is_attribute)
{
	while (*text != '\0') {
		uint32_t point = 0;
		int bytes = utf8_decode(text, &point);
		unsigned char byte = (unsigned char)*text;

		if (bytes == 0 || (byte < ' ' && byte != '\n' && byte != '\t')) {
			fputs("\xef\xbf\xbd", out); /* U+FFFD */
			text++;
			continue;
		}
		switch (byte) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		case '\n':
			fputs(is_attribute ? "&#10;" : "\n", out);
			break;
		default:
			(void)fwrite(text, 1, (size_t)bytes, out);
		}
		text += bytes;
	}
}

static const struct check_finding *finding_of(const struct report_check *part, enum check_rule rule)
{
	for (size_t i = 0; i < part->result->finding_count; i++)
		if (part->result->findings[i].rule == rule)
			return &part->result->findings[i];
	return NULL;
}

static const char *program_name(const struct report_checks *checks)
{
	const struct snapshot *snapshot = report_check_snapshot(checks);
	const char *path = snapshot_string(snapshot, snapshot->run->program);
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* A finding's sentence and rows, plain. 0 or STATUS_NO_MEMORY. */
static int draft_finding(struct draft *sentence, struct draft *details,
    const struct report_checks *checks, const struct report_check *part,
    const struct check_finding *finding, const struct report_options *options)
{
	struct report_options plain = *options;
	int status = 0;

	plain.style = (struct text_style){0};
	if (!draft_open(sentence))
		return STATUS_NO_MEMORY;
	report_check_sentence(sentence->out, checks, part, finding);
	if (!draft_close(sentence) || !draft_open(details))
		return STATUS_NO_MEMORY;
	status = report_check_details(details->out, checks, part, finding, &plain);
	return draft_close(details) ? status : STATUS_NO_MEMORY;
}

static int put_failure(FILE *out, const struct report_checks *checks,
    const struct report_check *part, const struct check_finding *finding,
    const struct report_options *options)
{
	struct draft sentence = {0}, details = {0};
	int status = draft_finding(&sentence, &details, checks, part, finding, options);

	if (status == 0) {
		fputs("      <failure message=\"", out);
		put_xml(out, sentence.text, true);
		fputs("\">", out);
		put_xml(out, details.text, false);
		fputs("</failure>\n", out);
	}
	free(sentence.text);
	free(details.text);
	return status;
}

static int put_case(FILE *out, const struct report_checks *checks, const struct report_check *part,
    enum check_rule rule, const struct report_options *options)
{
	const struct check_finding *finding = finding_of(part, rule);
	struct draft name = {0};
	int status = 0;

	if (!draft_open(&name))
		return STATUS_NO_MEMORY;
	report_check_limit_name(name.out, part, rule);
	if (!draft_close(&name))
		return STATUS_NO_MEMORY;
	fputs("    <testcase classname=\"allocscope.", out);
	put_xml(out, program_name(checks), true);
	fputs("\" name=\"", out);
	put_xml(out, name.text, true);
	free(name.text);
	if (finding == NULL && checks->unseen == NULL) {
		fputs("\"/>\n", out);
		return 0;
	}
	fputs("\">\n", out);
	if (finding != NULL) {
		status = put_failure(out, checks, part, finding, options);
	} else {
		fputs("      <error message=\"", out);
		put_xml(out, checks->unseen, true);
		fputs("\"/>\n", out);
	}
	fputs("    </testcase>\n", out);
	return status;
}

int report_check_junit(
    FILE *out, const struct report_checks *checks, const struct report_options *options)
{
	size_t cases = 0, failures = 0;
	int status = 0;

	for (size_t i = 0; i < checks->count; i++) {
		for (enum check_rule rule = 0; rule < CHECK_RULE_COUNT; rule++)
			cases += report_check_has(&checks->parts[i], rule);
		failures += checks->parts[i].result->finding_count;
	}
	size_t errors = checks->unseen != NULL ? cases - failures : 0;

	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n", out);
	fprintf(out,
	    "  <testsuite name=\"allocscope check\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\">\n",
	    cases, failures, errors);
	for (size_t i = 0; i < checks->count; i++)
		for (enum check_rule rule = 0; status == 0 && rule < CHECK_RULE_COUNT; rule++)
			if (report_check_has(&checks->parts[i], rule))
				status = put_case(out, checks, &checks->parts[i], rule, options);
	fputs("  </testsuite>\n</testsuites>\n", out);
	return status != 0 ? status : report_finish(out);
}

/* ---- GitHub ---- */

/* The value of a workflow command's property, or its message. */
static void put_github(FILE *out, const char *text, bool is_property)
{
	for (; *text != '\0'; text++) {
		bool is_special = *text == '%' || *text == '\n' || *text == '\r' ||
				  (is_property && (*text == ':' || *text == ','));

		if (is_special)
			fprintf(out, "%%%02X", (unsigned char)*text);
		else
			fputc(*text, out);
	}
}

/* FILE as the repository knows it: without the working directory, if it lies there. */
static const char *below_here(const char *file)
{
	static char here[4096];
	size_t length = 0;

	if (getcwd(here, sizeof here) == NULL)
		return file;
	length = strlen(here);
	return strncmp(file, here, length) == 0 && file[length] == '/' ? file + length + 1 : file;
}

static void put_annotation(FILE *out, const struct group_key *key, const char *rule,
    const char *sentence, const char *details)
{
	fputs("::error ", out);
	if (key != NULL && key->file != NULL) {
		fputs("file=", out);
		put_github(out, below_here(key->file), true);
		if (key->line != 0)
			fprintf(out, ",line=%" PRIu32, key->line);
		fputc(',', out);
	}
	fputs("title=allocscope ", out);
	put_github(out, rule, true);
	fputs("::", out);
	put_github(out, sentence, false);
	if (details != NULL && details[0] != '\0') {
		fputs("%0A", out);
		put_github(out, details, false);
	}
	fputc('\n', out);
}

/* The first row has the rows and the path, each further one says what it adds. */
static int put_finding(FILE *out, const struct report_checks *checks,
    const struct report_check *part, const struct check_finding *finding,
    const struct report_options *options)
{
	const char *rule = check_rule_name(finding->rule);
	struct draft sentence = {0}, details = {0};
	int status = draft_finding(&sentence, &details, checks, part, finding, options);
	size_t count = report_shown(options, finding->row_count);

	if (status == 0 && count == 0)
		put_annotation(out, NULL, rule, sentence.text, details.text);
	for (size_t i = 0; status == 0 && i < count; i++) {
		const struct diff_row *row = &part->result->rows[finding->first_row + i];
		const struct group_key *key = &part->grouping->keys[row->key];

		put_annotation(out, key, rule, i == 0 ? sentence.text : key->text,
		    i == 0 ? details.text : sentence.text);
	}
	free(sentence.text);
	free(details.text);
	return status;
}

int report_check_github(
    FILE *out, const struct report_checks *checks, const struct report_options *options)
{
	int status = 0;

	for (size_t i = 0; i < checks->count; i++)
		for (size_t j = 0; status == 0 && j < checks->parts[i].result->finding_count; j++)
			status = put_finding(out, checks, &checks->parts[i],
			    &checks->parts[i].result->findings[j], options);
	if (checks->unseen != NULL)
		put_annotation(out, NULL, "check", checks->unseen, NULL);
	return status != 0 ? status : report_finish(out);
}
