/* error.c - fills a struct error. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

bool error_set(struct error *error, enum error_kind kind, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	error->kind = kind;
	vsnprintf(error->sentence, sizeof error->sentence, format, arguments);
	va_end(arguments);
	return false;
}
