#include <string.h>

#include "base/num.h"
#include "config/conf.h"
#include "daemon/courier_private.h"
#include "queue/maildir.h"
#include "queue/smtp_address.h"
#include "sys/net.h"

static const struct {
	const char *word;
	enum courier_kind kind;
} kinds[] = {{"smtp:", COURIER_SMTP}, {"lmtp:", COURIER_LMTP},
    {"maildir:", COURIER_MAILDIR}, {"pipe:", COURIER_PIPE}};

void
courier_settings_init(struct courier_settings *s)
{
	*s = (struct courier_settings){
	    .host = SLICE("localhost"),
	    .deliveries_max = 20,
	    .expire_sec = (uint64_t)5 * 24 * 3600,
	    .delay_sec = (uint64_t)4 * 3600,
	    .connect_ns = 30 * LOOP_SEC,
	};
}

/* ---- routes ---- */

/* Cut "smtp:" or one of its kin off. */
static bool
take_kind(struct slice *text, enum courier_kind *kind)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (slice_starts_ci(*text, kinds[i].word)) {
			*kind = kinds[i].kind;
			*text = slice_trim(
			    slice_from(*text, strlen(kinds[i].word)));
			return true;
		}
	return false;
}

static int
check_destination(const struct courier_route *r, struct fail *why)
{
	struct net_address at;
	struct buf path;
	int rc = 0;

	switch (r->kind) {
	case COURIER_SMTP:
	case COURIER_LMTP:
		/* A host name is looked up when it is needed. */
		if (r->to.n == 0)
			return fail_set(why, FAIL_CONFIG, "no address");
		if (slice_starts(r->to, "/") || slice_starts(r->to, "unix:"))
			rc = net_parse(&at, r->to, 0, why);
		break;
	case COURIER_MAILDIR:
		buf_init(&path, MAILDIR_PATH_MAX + 1);
		rc = maildir_path(&path, r->to, SLICE("a@b"), why);
		buf_fini(&path);
		break;
	case COURIER_PIPE:
		rc = courier_pipe_check(r->to, why);
		break;
	}
	return rc < 0 ? FAIL_CONFIG : 0;
}

static int
parse_route(struct courier_route *r, struct slice text, struct fail *why)
{
	struct slice rest = text;
	int rc;

	r->domain = SLICE("*");
	if (!take_kind(&rest, &r->kind)) {
		ptrdiff_t equal = slice_chr(text, '=');

		if (equal > 0) {
			r->domain =
			    slice_trim(slice_sub(text, 0, (size_t)equal));
			rest = slice_trim(slice_from(text, (size_t)equal + 1));
		}
		if (equal <= 0 || !take_kind(&rest, &r->kind))
			return fail_set(why, FAIL_CONFIG,
			    "\"%.*s\" is no route: DOMAIN=KIND:TO with one of "
			    "smtp, lmtp, maildir, pipe as KIND",
			    SLICE_FMT(text));
	}
	r->to = rest;
	rc = check_destination(r, why);
	return rc < 0 ? fail_add(why, "route \"%.*s\"", SLICE_FMT(text)) : 0;
}

int
courier_routes_parse(struct courier_settings *s, struct slice text,
    struct arena *a, struct fail *why)
{
	struct slice rest = arena_dup(a, text), field;
	int rc = 0;

	while (rc == 0 && slice_field(&rest, ';', &field)) {
		field = slice_trim(field);
		if (field.n == 0)
			continue;
		if (s->routes.n >= COURIER_ROUTES_MAX)
			return fail_set(why, FAIL_CONFIG, "more than %d routes",
			    COURIER_ROUTES_MAX);
		rc = parse_route(vec_push(a, &s->routes), field, why);
	}
	return rc;
}

bool
courier_needs_exec(const struct courier_settings *s)
{
	const struct courier_route *r;

	vec_each (r, &s->routes)
		if (r->kind == COURIER_PIPE)
			return true;
	return false;
}

/* ---- settings ---- */

static int
load_retries(struct courier_settings *s, struct slice text, struct arena *a,
    struct fail *why)
{
	struct slice word;
	uint64_t sec;

	s->retry_sec.n = 0;
	while (slice_word(&text, &word)) {
		if (!num_parse_u64(word, SPOOL_FUTURE_MAX, &sec) || sec == 0 ||
		    s->retry_sec.n >= COURIER_RETRY_MAX)
			return fail_set(why, FAIL_CONFIG,
			    "Delivery Retry Times: \"%.*s\": up to %d numbers "
			    "of seconds from 1 to %d",
			    SLICE_FMT(word), COURIER_RETRY_MAX,
			    SPOOL_FUTURE_MAX);
		*vec_push(a, &s->retry_sec) = sec;
	}
	return 0;
}

int
courier_settings_load(struct courier_settings *s, const struct conf *c,
    struct arena *a, struct fail *why)
{
	struct slice routes = conf_text(c, OPT_DELIVERY_ROUTE, NULL, a);
	int64_t expires = conf_number(c, OPT_DELIVERY_EXPIRES, NULL);
	int rc;

	s->spool =
	    arena_str(a, conf_text(c, OPT_REEVE_SPOOL_DIRECTORY, NULL, a));
	s->host = net_host_name(a);
	if (expires < 0)
		return fail_set(why, FAIL_CONFIG,
		    "Delivery Expires: a number of seconds is needed");
	s->expire_sec = (uint64_t)expires;
	rc = load_retries(
	    s, conf_text(c, OPT_DELIVERY_RETRY_TIMES, NULL, a), a, why);
	if (rc < 0)
		return rc;
	rc = courier_routes_parse(s, routes, a, why);
	return rc < 0 ? fail_add(why, "Delivery Route") : 0;
}

/* ---- lanes ---- */

/* All Maildirs share one lane: what they wait for is one disk. */
static bool
is_same_lane(const struct courier_route *a, const struct courier_route *b)
{
	return a->kind == b->kind &&
	       (a->kind == COURIER_MAILDIR || slice_eq(a->to, b->to));
}

static unsigned
find_lane(const struct courier *c, const struct courier_route *r)
{
	for (unsigned i = 1; i < c->lane_count; i++)
		if (is_same_lane(c->lanes[i].route, r))
			return i;
	return COURIER_NO_LANE;
}

int
courier_lanes_make(struct courier *c, struct fail *why)
{
	size_t n = c->set.routes.n;

	c->lanes = arena_array(c->arena, COURIER_LANES_MAX, sizeof(*c->lanes));
	c->route_lane = arena_array(c->arena, n + 1, sizeof(*c->route_lane));
	c->lane_count = 1;
	for (size_t i = 0; i < n; i++) {
		const struct courier_route *r = &c->set.routes.at[i];
		unsigned lane = find_lane(c, r);

		if (lane == COURIER_NO_LANE) {
			if (c->lane_count == COURIER_LANES_MAX)
				return fail_set(why, FAIL_CONFIG,
				    "Delivery Route: more than %d different "
				    "destinations",
				    COURIER_LANES_MAX - 1);
			lane = (unsigned)c->lane_count++;
			c->lanes[lane].route = r;
		}
		c->route_lane[i] = lane;
	}
	for (size_t i = 0; i < c->lane_count; i++)
		c->lanes[i].last = &c->lanes[i].first;
	return 0;
}

static bool
takes(const struct courier_route *r, struct slice domain)
{
	struct slice d = r->domain;

	if (slice_is(d, "*"))
		return true;
	if (domain.n == 0)
		return false;
	if (slice_starts(d, "."))
		return domain.n > d.n &&
		       slice_eq_ci(slice_from(domain, domain.n - d.n), d);
	return slice_eq_ci(domain, d);
}

const struct courier_route *
courier_route_of(const struct courier *c, struct slice address)
{
	const struct courier_route *r;
	struct slice local, domain;

	smtp_address_split(address, &local, &domain);
	vec_each (r, &c->set.routes)
		if (takes(r, domain))
			return r;
	return NULL;
}

unsigned
courier_lane_of(const struct courier *c, struct slice address)
{
	const struct courier_route *r = courier_route_of(c, address);

	return r == NULL ? 0 : c->route_lane[r - c->set.routes.at];
}

unsigned
courier_next_lane(const struct courier *c, const struct courier_job *job,
    const struct spool_mail *mail)
{
	unsigned second = COURIER_NO_LANE;
	uint64_t now = loop_clock();

	for (size_t i = 0; i < mail->env.recipients.n; i++) {
		unsigned lane;

		if (mail->states[i] != SPOOL_WAITING)
			continue;
		lane = courier_lane_of(c, mail->env.recipients.at[i].address);
		if (job->tried[lane / 64] & UINT64_C(1) << lane % 64)
			continue;
		if (c->lanes[lane].hold <= now)
			return lane;
		second = lane;
	}
	return second;
}
