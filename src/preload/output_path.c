#include "preload/output_path.h"

#include <string.h>
#include <sys/utsname.h>

#include "base/system_call.h"
#include "base/text.h"
#include "preload/iteration.h"
#include "preload/lifecycle.h"
#include "preload/system.h"

static char executable[OPTIONS_PATH_BYTES], start_directory[OPTIONS_PATH_BYTES];
static struct utsname machine;
static uint32_t sequence;

void output_path_init(void)
{
	long bytes = system_call(SYS_readlinkat, -100 /* AT_FDCWD */, "/proc/self/exe", executable,
	    sizeof executable - 1);

	if (bytes < 0)
		executable[0] = '\0';
	if (system_call(SYS_getcwd, start_directory, sizeof start_directory) < 0)
		start_directory[0] = '\0';
	(void)system_call(SYS_uname, &machine);
}

const char *output_executable_path(void)
{
	return executable;
}

const char *output_program_name(void)
{
	const char *slash = strrchr(executable, '/');

	return slash != NULL ? slash + 1 : executable[0] != '\0' ? executable : "program";
}

const char *output_host_name(void)
{
	return machine.nodename;
}

const char *output_start_directory(void)
{
	return start_directory;
}

static void add_conversion(struct text *text, char letter)
{
	switch (letter) {
	case 'p':
		text_add_unsigned(text, (uint64_t)lifecycle_process_id());
		break;
	case 'e':
		text_add(text, output_program_name());
		break;
	case 'h':
		text_add(text, machine.nodename);
		break;
	case 't':
		text_add_unsigned(text, lifecycle_identity.start_unix_ns / 1000000000u);
		break;
	case 'n':
		text_add_unsigned(text, sequence);
		break;
	case 'i':
		text_add_unsigned(text, iteration_generation());
		break;
	case '%':
		text_add(text, "%");
		break;
	default:
		text_add(text, "%");
		text_add_bytes(text, &letter, 1);
	}
}

static void add_directory(struct text *text, const char *path)
{
	if (path[0] == '/')
		return;
	if (options.directory[0] != '\0') {
		if (options.directory[0] != '/') {
			text_add(text, start_directory);
			text_add(text, "/");
		}
		text_add(text, options.directory);
		text_add(text, "/");
	} else if (start_directory[0] != '\0') {
		text_add(text, start_directory);
		if (start_directory[1] != '\0')
			text_add(text, "/");
	}
}

bool output_path_make(char path[OPTIONS_PATH_BYTES], const char *infix, uint32_t serial)
{
	struct text text;
	size_t bytes = strlen(options.output);
	size_t stem =
	    bytes > 5 && strcmp(options.output + bytes - 5, ".snap") == 0 ? bytes - 5 : bytes;

	if (serial == 0)
		sequence++;
	text_init(&text, path, OPTIONS_PATH_BYTES);
	add_directory(&text, options.output);
	for (size_t i = 0; i < stem; i++) {
		if (options.output[i] == '%' && i + 1 < stem)
			add_conversion(&text, options.output[++i]);
		else
			text_add_bytes(&text, options.output + i, 1);
	}
	if (infix != NULL) {
		text_add(&text, ".");
		text_add(&text, infix);
	}
	if (serial > 0) {
		text_add(&text, ".");
		text_add_unsigned(&text, serial);
	}
	text_add(&text, options.output + stem);
	return !text.cut;
}

bool output_path_absolute(char path[OPTIONS_PATH_BYTES], const char *given)
{
	struct text text;

	text_init(&text, path, OPTIONS_PATH_BYTES);
	if (given[0] != '/') {
		char now[OPTIONS_PATH_BYTES];

		if (system_call(SYS_getcwd, now, sizeof now) > 0) {
			text_add(&text, now);
			text_add(&text, "/");
		}
	}
	text_add(&text, given);
	return !text.cut;
}
