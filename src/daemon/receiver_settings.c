#include "config/conf.h"
#include "daemon/receiver.h"
#include "sys/loop.h"

enum {
	LISTENERS_MAX = 32,
	RANGES_MAX = 10000,
	SESSIONS_MOST = 10000,
	IDLE_MOST_SEC = 24 * 3600,
};

void
receiver_settings_init(struct receiver_settings *s)
{
	*s = (struct receiver_settings){
	    .host = SLICE("localhost"),
	    .message_max = 200 * 1000 * 1000,
	    .recipients_max = 1000,
	    .sessions_max = 500,
	    .idle_ns = 300 * LOOP_SEC,
	};
}

static int
load_listeners(struct receiver_settings *s, struct slice text, struct arena *a,
    struct fail *why)
{
	struct slice word;

	while (slice_word(&text, &word)) {
		struct receiver_listener x = {.lmtp = false};

		if (slice_starts_ci(word, "lmtp:")) {
			x.lmtp = true;
			word = slice_from(word, 5);
		} else if (slice_starts_ci(word, "smtp:")) {
			word = slice_from(word, 5);
		}
		if (s->listeners.n >= LISTENERS_MAX)
			return fail_set(why, FAIL_CONFIG,
			    "SMTP Listen: more than %d addresses",
			    LISTENERS_MAX);
		if (net_parse(&x.at, word, x.lmtp ? 24 : 25, why) < 0) {
			(void)fail_add(why, "SMTP Listen");
			return FAIL_CONFIG;
		}
		*vec_push(a, &s->listeners) = x;
	}
	return 0;
}

struct ranges {
	VEC_OF(struct net_range) list;
};

static int
load_ranges(struct ranges *r, struct slice text, const char *name,
    struct arena *a, struct fail *why)
{
	struct slice word;

	while (slice_word(&text, &word)) {
		struct net_range range;

		if (r->list.n >= RANGES_MAX)
			return fail_set(why, FAIL_CONFIG,
			    "%s: more than %d networks", name, RANGES_MAX);
		if (net_range_parse(&range, word, why) < 0) {
			(void)fail_add(why, "%s", name);
			return FAIL_CONFIG;
		}
		*vec_push(a, &r->list) = range;
	}
	return 0;
}

static uint64_t
bounded(int64_t value, uint64_t least, uint64_t most)
{
	if (value < 0 || (uint64_t)value < least)
		return least;
	return (uint64_t)value > most ? most : (uint64_t)value;
}

int
receiver_settings_load(struct receiver_settings *s, const struct conf *c,
    struct arena *a, struct fail *why)
{
	struct ranges allowed = {.list = {.n = 0}};
	struct ranges trusted = {.list = {.n = 0}};
	int rc;

	s->spool =
	    arena_str(a, conf_text(c, OPT_REEVE_SPOOL_DIRECTORY, NULL, a));
	s->host = net_host_name(a);
	s->message_max = bounded(
	    conf_number(c, OPT_SMTP_MAX_MESSAGE_SIZE, NULL), 0, INT64_MAX);
	s->sessions_max = (unsigned)bounded(
	    conf_number(c, OPT_SMTP_MAX_CONNECTIONS, NULL), 1, SESSIONS_MOST);
	s->idle_ns = LOOP_SEC * bounded(conf_number(c, OPT_SMTP_TIMEOUT, NULL),
				    1, IDLE_MOST_SEC);
	rc = load_listeners(s, conf_text(c, OPT_SMTP_LISTEN, NULL, a), a, why);
	if (rc == 0)
		rc = load_ranges(&allowed,
		    conf_text(c, OPT_SMTP_ALLOWED_CLIENTS, NULL, a),
		    "SMTP Allowed Clients", a, why);
	if (rc == 0)
		rc = load_ranges(&trusted,
		    conf_text(c, OPT_SMTP_ALLOWED_PEERS, NULL, a),
		    "SMTP Allowed Peers", a, why);
	s->allowed.at = allowed.list.at;
	s->allowed.n = allowed.list.n;
	s->trusted.at = trusted.list.at;
	s->trusted.n = trusted.list.n;
	return rc;
}
