#include "report/report_file.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "report/text_estimate.h"
#include "report/text_number.h"

const char *report_trigger(const struct snapshot *snapshot)
{
	static const char *const words[] = {"unknown", "exit", "first", "last", "iteration",
	    "every", "peak", "growth", "api", "signal", "control"};
	const char *detail = snapshot_string(snapshot, snapshot->run->trigger_detail);

	if (detail[0] != '\0')
		return detail;
	return words[snapshot->run->trigger < sizeof words / sizeof words[0]
			 ? snapshot->run->trigger
			 : 0];
}

/* The moment as a clause: "at exit". */
static const char *moment(const struct snapshot *snapshot)
{
	switch (snapshot->run->trigger) {
	case SNAPSHOT_AT_EXIT:
		return "at exit";
	case SNAPSHOT_AT_FIRST:
		return "at the end of warm-up";
	case SNAPSHOT_AT_LAST:
		return "at the end of the last iteration";
	case SNAPSHOT_AT_PEAK:
		return "at a peak";
	case SNAPSHOT_BY_API:
		return "at the program's request";
	case SNAPSHOT_BY_SIGNAL:
		return "on a signal";
	case SNAPSHOT_BY_CONTROL:
		return "on request";
	default:
		return NULL;
	}
}

void report_time(uint64_t unix_ns, char text[REPORT_TIME_BYTES])
{
	time_t seconds = (time_t)(unix_ns / 1000000000);
	struct tm parts;

	text[0] = '\0';
	if (unix_ns != 0 && gmtime_r(&seconds, &parts) != NULL)
		(void)strftime(text, REPORT_TIME_BYTES, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

void report_run_id(const uint8_t run_id[16], char text[33])
{
	for (size_t i = 0; i < 16; i++)
		(void)snprintf(text + i * 2, 3, "%02x", run_id[i]);
}

void report_file_json(struct json_writer *json, const char *key, const struct snapshot *snapshot)
{
	const struct snapshot_run *run = snapshot->run;
	char time_text[REPORT_TIME_BYTES];
	char run_id[33];

	report_time(run->time_ns, time_text);
	report_run_id(run->run_id, run_id);
	json_begin_object(json, key);
	json_text(json, "path", snapshot->path);
	json_unsigned(json, "pid", run->pid);
	json_text(json, "program", snapshot_string(snapshot, run->program));
	json_unsigned(json, "generation", run->generation);
	json_unsigned(json, "blocks", run->totals.live_blocks);
	json_unsigned(json, "bytes", run->totals.live_bytes);
	json_text(json, "time", time_text);
	json_unsigned(json, "time_ns", run->time_ns);
	json_text(json, "trigger", report_trigger(snapshot));
	json_text(json, "run_id", run_id);
	json_sampled(json, snapshot);
	json_end(json);
}

void report_file_line(
    FILE *out, const struct text_style *style, const char *label, const struct snapshot *snapshot)
{
	const struct snapshot_run *run = snapshot->run;
	const char *when = moment(snapshot);

	text_put(out, style, TEXT_BOLD, label);
	text_put(out, style, TEXT_PLAIN, snapshot->path);
	fputs(": ", out);
	text_put(out, style, TEXT_PLAIN, snapshot_string(snapshot, run->program));
	fprintf(out, " (pid %" PRIu32 "), ", run->pid);
	if (when != NULL) {
		fputs(when, out);
	} else {
		fputs("at ", out);
		text_put(out, style, TEXT_PLAIN, report_trigger(snapshot));
	}
	if (run->iterations_ended != 0)
		fprintf(out, ", after %s (%s counted)",
		    text_plural(run->iterations_ended, "iteration", "iterations").text,
		    text_count(run->iterations_counted).text);
	fputc('\n', out);
}

void report_losses_of(
    const struct snapshot *snapshot, struct report_loss ret_losses[REPORT_LOSS_COUNT])
{
	const struct snapshot_losses *l = &snapshot->run->losses;
	const struct report_loss losses[REPORT_LOSS_COUNT] = {
	    {"blocks", l->blocks, "allocations are missing: a table was full", true},
	    {"stacks", l->stacks, "allocations have no stack: the stack table was full", true},
	    {"frames_cut", l->frames_cut,
		"allocations' outermost frames: deeper than max_frames; they are counted", true},
	    {"series", l->series, "stacks have no growth series: the table was full", true},
	    {"survival", l->survival,
		"deaths are missing from the survival matrix: the table was full", true},
	    {"iterations", l->iterations, "iterations have no row of their own: the table was full",
		true},
	    {"deferred", l->deferred,
		"events were written down by half; their books were settled from the live blocks",
		true},
	    {"replaced", l->replaced,
		"allocations came at an address that was still in use: a free was not seen", true},
	    {"journal", l->journal,
		"frees after the last iteration were not journalled: those blocks are missing",
		true},
	    {"threads", l->threads, "threads had no record of their own", true},
	    {"unknown_frees", l->unknown_frees, "frees of blocks from before the recording", false},
	    {"nested", l->nested, "calls of the allocator by itself, passed through", false},
	    {"ignored_marks", l->ignored_marks,
		"iteration marks ignored: an iteration was open, or none was", false},
	    {"paused", l->paused, "allocations while the program had paused the recording", false},
	};

	memcpy(ret_losses, losses, sizeof losses);
}

static void warning_line(FILE *out, const struct text_style *style, const char *line)
{
	text_put(out, style, TEXT_WARN, line);
	fputc('\n', out);
}

void report_losses(FILE *out, const struct text_style *style, const struct snapshot *snapshot)
{
	struct report_loss losses[REPORT_LOSS_COUNT];
	uint32_t flags = snapshot->run->flags;

	if ((flags & SNAPSHOT_RUN_APPROXIMATE) != 0)
		warning_line(out, style,
		    "Not exact: a thread could not be held while the snapshot was taken.");
	if ((flags & SNAPSHOT_RUN_SAMPLED) != 0) {
		char legend[320];

		text_estimate_legend(snapshot, legend, sizeof legend);
		warning_line(out, style, legend);
	}
	report_losses_of(snapshot, losses);
	for (size_t i = 0; i < REPORT_LOSS_COUNT; i++) {
		char line[192];

		if (!losses[i].is_loss || losses[i].count == 0)
			continue;
		(void)snprintf(line, sizeof line, "Lost: %s %s.", text_count(losses[i].count).text,
		    losses[i].meaning);
		warning_line(out, style, line);
	}
}
