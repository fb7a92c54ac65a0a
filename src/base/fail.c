#include "base/fail.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/* Replace what a terminal or a log reader must not see. */
static void
make_printable(char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = '?';
}

int
fail_set(struct fail *why, int code, const char *fmt, ...)
{
	va_list ap;

	if (why == NULL)
		return code;
	why->code = code;
	why->os_errno = 0;
	va_start(ap, fmt);
	(void)vsnprintf(why->text, sizeof(why->text), fmt, ap);
	va_end(ap);
	make_printable(why->text);
	return code;
}

static int
code_of_errno(int err)
{
	switch (err) {
	case ENOENT:
	case ESTALE:
		return FAIL_GONE;
	case ENOSPC:
	case EDQUOT:
	case EMFILE:
	case ENFILE:
	case ENOMEM:
		return FAIL_FULL;
	case EACCES:
	case EPERM:
	case EROFS:
		return FAIL_DENIED;
	case EEXIST:
		return FAIL_EXISTS;
	case EAGAIN:
		return FAIL_AGAIN;
	case ETIMEDOUT:
		return FAIL_TIMEOUT;
	default:
		return FAIL_IO;
	}
}

int
fail_errno(struct fail *why, const char *fmt, ...)
{
	int err = errno;
	va_list ap;
	size_t used;

	if (why == NULL)
		return code_of_errno(err);
	why->code = code_of_errno(err);
	why->os_errno = err;
	va_start(ap, fmt);
	(void)vsnprintf(why->text, sizeof(why->text), fmt, ap);
	va_end(ap);
	used = strlen(why->text);
	(void)snprintf(
	    why->text + used, sizeof(why->text) - used, ": %s", strerror(err));
	make_printable(why->text);
	errno = err;
	return why->code;
}

int
fail_add(struct fail *why, const char *fmt, ...)
{
	char old[FAIL_TEXT_MAX];
	va_list ap;
	size_t used;

	if (why == NULL)
		return FAIL_BAD;
	(void)memcpy(old, why->text, sizeof(old));
	va_start(ap, fmt);
	(void)vsnprintf(why->text, sizeof(why->text), fmt, ap);
	va_end(ap);
	used = strlen(why->text);
	(void)snprintf(why->text + used, sizeof(why->text) - used, ": %s", old);
	make_printable(why->text);
	return why->code;
}

const char *
fail_word(int code)
{
	switch (code) {
	case FAIL_NONE:
		return "none";
	case FAIL_AGAIN:
		return "again";
	case FAIL_GONE:
		return "gone";
	case FAIL_BAD:
		return "bad";
	case FAIL_IO:
		return "io";
	case FAIL_FULL:
		return "full";
	case FAIL_DENIED:
		return "denied";
	case FAIL_CONFIG:
		return "config";
	case FAIL_TIMEOUT:
		return "timeout";
	case FAIL_PEER:
		return "peer";
	case FAIL_EXISTS:
		return "exists";
	default:
		return "unknown";
	}
}

void
panic_at(const char *file, int line, const char *fmt, ...)
{
	char text[FAIL_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_error("panic at %s:%d: %s", file, line, text);
	abort();
}

void
fatal(int exit_code, const char *fmt, ...)
{
	char text[FAIL_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_error("%s", text);
	exit(exit_code);
}
