/* log - one line per fact, scoped by message id, printable bytes only.
 *
 * The level and the sink are the process's only logging state. Every line is
 * made printable (control bytes and bytes that are not UTF-8 become \xNN) and
 * cut at LOG_LINE_MAX. The sink gets a NUL-terminated line without newline;
 * without a sink lines go to stderr. Never log a secret: nothing here can know.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

#include "base/attr.h"

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_NOTICE,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

enum { LOG_LINE_MAX = 2048, LOG_SCOPE_MAX = 64 };

/* line: "SCOPE: text" when a scope is set, else "text". */
typedef void log_sink_fn(enum log_level level, const char *line, void *ctx);

void log_set_sink(log_sink_fn *sink, void *ctx);
void log_set_level(enum log_level level);
bool log_wants(enum log_level level);

/* The message id all following lines belong to; NULL or "" ends the scope. */
void log_set_scope(const char *id);

void log_error(const char *fmt, ...) ATTR_PRINTF(1, 2) ATTR_COLD;
void log_warn(const char *fmt, ...) ATTR_PRINTF(1, 2) ATTR_COLD;
void log_notice(const char *fmt, ...) ATTR_PRINTF(1, 2);
void log_info(const char *fmt, ...) ATTR_PRINTF(1, 2);
void log_debug(const char *fmt, ...) ATTR_PRINTF(1, 2);

/* "error", "warning", "notice", "info", "debug" */
const char *log_level_word(enum log_level level);

#endif
