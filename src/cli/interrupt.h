/* interrupt - Ctrl-C as a flag that long work looks at.
 * In:    SIGINT, SIGTERM, SIGHUP. A thread of its own waits for them, so that no handler needs an object at file scope; a read that
 *        blocks (a pipe on standard input) returns early.
 * Out:   whether one came, and the death by it once everything is put away.
 * Lives: from interrupt_begin, called before other threads are made, to interrupt_end. */
#ifndef SMTPWHY_CLI_INTERRUPT_H
#define SMTPWHY_CLI_INTERRUPT_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>

struct interrupt {
	atomic_int came; /* the signal's number; 0 none */
	pthread_t waiter, worker;
	sigset_t waited, before;
	bool begun;
};

void interrupt_begin(struct interrupt *);
bool interrupt_came(struct interrupt *);
void interrupt_end(struct interrupt *);
/* Ends the process by the signal that came, as a shell expects; returns when none did. */
void interrupt_die(const struct interrupt *);

#endif
