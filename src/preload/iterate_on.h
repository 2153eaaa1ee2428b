/*
 * iterate_on=FUNCTION: each entry into FUNCTION is a mark (mark.h), but for those that come while an earlier activation of
 * it is still on the thread's stack. That is read off the stack itself, so nothing has to be told of returns, and
 * exceptions, longjmp and tail calls need no care.
 *
 * A function that is nowhere yet, or went with its library, is looked for again whenever the loader has loaded something.
 */
#ifndef PRELOAD_ITERATE_ON_H
#define PRELOAD_ITERATE_ON_H

/* At start, in the constructor. */
void iterate_on_init(void);
/* Something was unloaded, and the list of modules says so. */
void iterate_on_after_unload(void);

#endif
