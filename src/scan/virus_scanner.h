/* virus_scanner - what every kind of scanner is to the engine.
 *
 * One of them looks at all objects of a job. It returns 0 only when it was
 * told, for each object, that it is clean or what is in it; otherwise a FAIL
 * code with its story (FAIL_TIMEOUT: the deadline). Hits that were added
 * before a failure stay. Private to the folder.
 */
#ifndef SCAN_VIRUS_SCANNER_H
#define SCAN_VIRUS_SCANNER_H

#include <stdint.h>

#include "base/arena.h"
#include "base/fail.h"
#include "scan/virus.h"

/* One job in the hands of one scanner. */
struct virus_look {
	const struct virus_job *job;
	uint64_t deadline; /* CLOCK_MONOTONIC nanoseconds */
	struct virus_result *result;
	struct arena *arena;
};

struct virus_scanner_kind {
	int (*scan)(void *self, struct virus_look *look, struct fail *why);
	void (*close)(void *self);
};

static inline struct slice
virus_object_bytes(
    const struct virus_job *job, const struct virus_object *object)
{
	return slice_sub(job->bytes, (size_t)object->offset,
	    (size_t)(object->offset + object->size));
}

/* "Clamd: FILE was infected: NAME"; for the whole message
 * "Clamd:  message was infected: NAME" (two blanks). */
void virus_look_hit(struct virus_look *look, const char *keyword,
    const struct virus_object *object, struct slice name);

/* The built-in engine. FAIL_CONFIG and file:line when rules do not compile. */
extern const struct virus_scanner_kind virus_yara_kind;
int virus_yara_open(void **self, const char *path, struct arena *a,
    struct fail *why) ATTR_NODISCARD;

/* clamd. `settings` must outlive it. FAIL_CONFIG for an address that is none.
 */
extern const struct virus_scanner_kind virus_clamd_kind;
int virus_clamd_open(void **self, const struct virus_settings *settings,
    struct arena *a, struct fail *why) ATTR_NODISCARD;
/* Some clamd answers a PING within wait_ns. */
bool virus_clamd_answers(void *self, uint64_t wait_ns);

/* A command with a row in virus_lines.c. */
extern const struct virus_scanner_kind virus_command_kind;
struct virus_command_setup {
	const char *keyword;
	const char *wrapper, *installdir;
	const char *work_dir;
	bool full_message;
	struct slice allowed_errors;
};
int virus_command_open(void **self, const struct virus_command_setup *setup,
    struct arena *a, struct fail *why) ATTR_NODISCARD;
/* wrapper installdir -IsItInstalled gives 0. */
bool virus_command_is_installed(void *self, uint64_t deadline);

#endif
