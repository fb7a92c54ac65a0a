#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

static struct {
	log_sink_fn *sink;
	void *ctx;
	enum log_level level;
	char scope[LOG_SCOPE_MAX];
} state = {.level = LOG_LEVEL_INFO};

void
log_set_sink(log_sink_fn *sink, void *ctx)
{
	state.sink = sink;
	state.ctx = ctx;
}

void
log_set_level(enum log_level level)
{
	state.level = level;
}

bool
log_wants(enum log_level level)
{
	return level <= state.level;
}

void
log_set_scope(const char *id)
{
	(void)snprintf(
	    state.scope, sizeof(state.scope), "%s", id != NULL ? id : "");
}

const char *
log_level_word(enum log_level level)
{
	static const char *const words[] = {
	    "error", "warning", "notice", "info", "debug"};

	return words[level];
}

static void log_va(enum log_level level, const char *fmt, va_list ap)
    ATTR_PRINTF(2, 0);

static void
log_va(enum log_level level, const char *fmt, va_list ap)
{
	char raw[LOG_LINE_MAX];
	char line[LOG_LINE_MAX];
	int saved = errno;
	size_t used = 0;

	if (!log_wants(level))
		return;
	if (state.scope[0] != '\0')
		used = (size_t)snprintf(raw, sizeof(raw), "%s: ", state.scope);
	(void)vsnprintf(raw + used, sizeof(raw) - used, fmt, ap);
	text_printable(line, sizeof(line), raw, strlen(raw));
	if (state.sink != NULL)
		state.sink(level, line, state.ctx);
	else
		(void)fprintf(
		    stderr, "reeve: %s: %s\n", log_level_word(level), line);
	errno = saved;
}

#define LOG_BODY(level)                 \
	do {                            \
		va_list ap;             \
		va_start(ap, fmt);      \
		log_va(level, fmt, ap); \
		va_end(ap);             \
	} while (0)

void
log_error(const char *fmt, ...)
{
	LOG_BODY(LOG_LEVEL_ERROR);
}

void
log_warn(const char *fmt, ...)
{
	LOG_BODY(LOG_LEVEL_WARN);
}

void
log_notice(const char *fmt, ...)
{
	LOG_BODY(LOG_LEVEL_NOTICE);
}

void
log_info(const char *fmt, ...)
{
	LOG_BODY(LOG_LEVEL_INFO);
}

void
log_debug(const char *fmt, ...)
{
	LOG_BODY(LOG_LEVEL_DEBUG);
}
