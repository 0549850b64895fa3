/* banned - what wire data must never meet: functions that assume a NUL, the locale or enough room.
 * Include it last in each file of the wire folders (decode, flow, smtp, why). */
#ifndef SMTPWHY_BASE_BANNED_H
#define SMTPWHY_BASE_BANNED_H

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#undef isalpha
#undef isdigit
#undef isspace
#undef isupper
#undef islower
#undef toupper
#undef tolower
#undef isprint
#undef isalnum
#pragma GCC poison strcpy strncpy strcat strncat strcmp strncmp strcasecmp strncasecmp strlen strstr strchr strrchr strtok
#pragma GCC poison strtol strtoul strtoull strtod sprintf vsprintf sscanf atoi atol atoll gets
#pragma GCC poison isalpha isdigit isspace isupper islower isprint isalnum toupper tolower

#endif
