/* interrupt.c - takes signals, gives a flag. Never runs code in a signal handler but an empty one. */
#include "cli/interrupt.h"

#include <string.h>
#include <unistd.h>

/* Its only use is to be called: a blocking read then returns with EINTR (no SA_RESTART). */
static void nudge(int number)
{
	(void)number;
}

static void *wait_for_signals(void *to)
{
	struct interrupt *interrupt = to;
	int number;
	while (sigwait(&interrupt->waited, &number) == 0 && number != SIGUSR2) {
		if (atomic_exchange(&interrupt->came, number) != 0)
			_exit(128 + number); /* asked twice: at once */
		pthread_kill(interrupt->worker, SIGUSR1);
	}
	return NULL;
}

void interrupt_begin(struct interrupt *interrupt)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = nudge };
	*interrupt = (struct interrupt){ .worker = pthread_self() };
	sigemptyset(&interrupt->waited);
	sigaddset(&interrupt->waited, SIGUSR2); /* our own: ends the waiter */
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		struct sigaction inherited;
		if (sigaction(numbers[i], NULL, &inherited) == 0 && inherited.sa_handler != SIG_IGN) /* nohup stays nohup */
			sigaddset(&interrupt->waited, numbers[i]);
	}
	sigaction(SIGUSR1, &action, NULL);
	pthread_sigmask(SIG_BLOCK, &interrupt->waited, &interrupt->before);
	interrupt->begun = pthread_create(&interrupt->waiter, NULL, wait_for_signals, interrupt) == 0;
	if (!interrupt->begun) /* no thread to be had: signals end the process as they always do */
		pthread_sigmask(SIG_SETMASK, &interrupt->before, NULL);
}

bool interrupt_came(struct interrupt *interrupt)
{
	return atomic_load(&interrupt->came) != 0;
}

void interrupt_end(struct interrupt *interrupt)
{
	if (!interrupt->begun)
		return;
	pthread_kill(interrupt->waiter, SIGUSR2);
	pthread_join(interrupt->waiter, NULL);
	pthread_sigmask(SIG_SETMASK, &interrupt->before, NULL);
	interrupt->begun = false;
}

void interrupt_die(const struct interrupt *interrupt)
{
	int number = atomic_load(&interrupt->came);
	if (number == 0)
		return;
	signal(number, SIG_DFL);
	raise(number);
}
