/* An assertion that fails with and without the preload, each in its way. */
#include <allocscope/allocscope.h>

void *volatile other_file_kept;
#ifdef __cplusplus
extern "C" {
#endif
extern void fails_elsewhere(void);
#ifdef __cplusplus
}
#endif

void fails_elsewhere(void)
{
	ALLOCSCOPE_ASSERT_ZERO_RETAINED("elsewhere")
	{
		other_file_kept = malloc(1);
	}
}
