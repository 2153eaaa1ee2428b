/* The handler is set in this file; the other one fails. */
#include <allocscope/allocscope.h>

#ifdef __cplusplus
extern "C" {
#endif
extern void fails_elsewhere(void);
#ifdef __cplusplus
}
#endif

static void note(const char *name, uint64_t survivors)
{
	printf("handler %s %llu\n", name, (unsigned long long)survivors);
	fflush(stdout);
}

int main(void)
{
	printf("%d\n", allocscope_on_failure(note) == NULL);
	fails_elsewhere();
	printf("%d\n", allocscope_on_failure(NULL) == note);
	return 0;
}
