/*
 * 20 rounds that a program marks by lines to descriptor 9, if it is open. In each 3 blocks of 16 bytes stay and 5 of 32
 * bytes go. How the lines are written:
 *   write       by write(2), each as a whole
 *   stdio       by stdio, each at once
 *   pieces      byte by byte, in a begin with an allocation after each but the last
 *   pages       so that the end of a page falls on each byte of a line in turn
 *   thread      by main, while another thread does the rounds
 *   fork        the same as write, by parent and child, who does 5 rounds more
 *   silent      300,000 iterations with nothing in them, then a round
 *   closed      descriptor 9 is closed and made another file, which gets them
 *   unfinished  the last one without its end
 *   handler     the same as write, by a handler, each
 *   busy        1000 iterations, and a snapshot at each 250th, while 4 threads allocate
 *   shell       each by a shell, a program of its own
 */
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "program.h"

#define ROUNDS 20
#define LINES  9

static void *retained[2 * ROUNDS][3];
static size_t rounds_done;
static const char *way;

static bool is_way(const char *name)
{
	return strcmp(way, name) == 0;
}

static void put(const char *bytes, size_t count)
{
	CHECK(write(LINES, bytes, count) == (ssize_t)count || errno == EBADF);
}

static void put_stdio(const char *line)
{
	static FILE *file;

	if (file == NULL)
		file = fopen("/dev/fd/9", "a");
	if (file == NULL)
		return;
	(void)setvbuf(file, NULL, _IONBF, 0);
	CHECK(fputs(line, file) >= 0);
}

static void put_pieces(const char *line)
{
	bool allocates = line[0] == 'b';

	for (; *line != '\0'; line++) {
		put(line, 1);
		if (allocates && *line != '\n')
			free(malloc(7));
	}
}

/* Comments up to where byte number BYTE of the next line is the first of a page. */
static void fill_page(size_t byte)
{
	char comment[4096 + 16];
	struct stat file;

	if (fstat(LINES, &file) != 0)
		return;
	size_t room = (2 * 4096 - ((size_t)file.st_size + byte) % 4096 - 2) % 4096 + 2;

	memset(comment, '#', room);
	comment[room - 1] = '\n';
	put(comment, room);
}

static const char *line_to_write;

static void handler(int number)
{
	(void)number;
	put(line_to_write, strlen(line_to_write));
}

static void put_by_shell(const char *line)
{
	static char command[64];

	(void)snprintf(
	    command, sizeof command, "echo %.*s 2>/dev/null >&9", (int)strlen(line) - 1, line);
	CHECK(system(command) != -1); // NOLINT(cert-env33-c): a shell is what this is about
}

static void put_line(const char *line)
{
	line_to_write = line;
	if (is_way("stdio"))
		put_stdio(line);
	else if (is_way("pieces"))
		put_pieces(line);
	else if (is_way("handler"))
		raise(SIGUSR1);
	else if (is_way("shell"))
		put_by_shell(line);
	else
		put(line, strlen(line));
}

static void do_round(void)
{
	for (size_t i = 0; i < 3; i++)
		retained[rounds_done][i] = malloc(16);
	rounds_done++;
	for (int i = 0; i < 5; i++)
		free(malloc(32));
}

static sem_t go, done;

static void *do_rounds(void *argument)
{
	for (int i = 0; i < ROUNDS; i++) {
		CHECK(sem_wait(&go) == 0);
		do_round();
		CHECK(sem_post(&done) == 0);
	}
	return argument;
}

static void have_round_done(void)
{
	if (!is_way("thread")) {
		do_round();
		return;
	}
	CHECK(sem_post(&go) == 0);
	CHECK(sem_wait(&done) == 0);
}

static void mark_rounds(int count)
{
	for (int i = 0; i < count; i++) {
		if (is_way("pages"))
			fill_page((size_t)i % 13);
		put_line("begin round\n");
		have_round_done();
		put_line(is_way("unfinished") && i == count - 1 ? "end" : "end\n");
		free(malloc(8)); /* outside */
	}
}

static void mark_nothing(void)
{
	for (int i = 0; i < 300000; i++)
		put("begin x\nend\n", 12);
}

static atomic_bool is_over;

static void *allocate(void *argument)
{
	while (!atomic_load(&is_over))
		free(malloc(24));
	return argument;
}

static void mark_busy(void)
{
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		CHECK(pthread_create(&threads[i], NULL, allocate, NULL) == 0);
	for (int i = 1; i <= 1000; i++) {
		put("begin busy\n", 11);
		free(malloc(8));
		put("end\n", 4);
		if (i % 250 == 0)
			put("snapshot\n", 9);
	}
	atomic_store(&is_over, true);
	for (int i = 0; i < 4; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
}

static void close_and_open(void)
{
	(void)close(LINES);
	int fd = open("other", O_CREAT | O_TRUNC | O_WRONLY, 0600);

	CHECK(fd >= 0 && dup2(fd, LINES) == LINES);
}

static void have_child(void)
{
	pid_t child = fork();
	int status = 0;

	CHECK(child >= 0);
	if (child == 0) {
		mark_rounds(5);
		exit(0);
	}
	CHECK(waitpid(child, &status, 0) == child && status == 0);
}

int main(int argc, char **argv)
{
	pthread_t thread;

	way = argc > 1 ? argv[1] : "write";
	CHECK(signal(SIGUSR1, handler) != SIG_ERR);
	CHECK(sem_init(&go, 0, 0) == 0 && sem_init(&done, 0, 0) == 0);
	if (is_way("thread"))
		CHECK(pthread_create(&thread, NULL, do_rounds, NULL) == 0);
	if (is_way("closed"))
		close_and_open();
	if (is_way("silent"))
		mark_nothing();
	if (is_way("busy"))
		mark_busy();
	mark_rounds(ROUNDS);
	if (is_way("fork"))
		have_child();
	if (is_way("thread"))
		CHECK(pthread_join(thread, NULL) == 0);
	say("20 rounds");
	return 0;
}
