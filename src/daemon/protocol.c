#include "daemon/protocol.h"

#include "base/attr.h"

#define ROLE_WORD(constant, word) word,
const char *
role_word(enum role role)
{
	static const char *const words[] = {ROLES(ROLE_WORD)};

	return words[role];
}
#undef ROLE_WORD

enum {
	SUP = ROLE_SUPERVISOR,
	KEEP = ROLE_KEEPER,
	WORK = ROLE_WORKER,
	ENG = ROLE_ENGINE,
	REC = ROLE_RECORDER,
	HELP = ROLE_HELPER,
	CTL = ROLE_CONTROL,
	ANY = WIRE_ANY,
};

// clang-format off
static const struct wire_row rows[] = {
	/* type         from  to    count       bytes            fds */
	{TELL_LOG,      ANY,  SUP,  WIRE_MANY,  LOG_LINE_MAX + 16, 0},
	{TELL_DRAIN,    SUP,  ANY,  WIRE_ONCE,  0,               0},
	{TELL_PEER,     SUP,  KEEP, WIRE_MANY,  5,               1},
	{TELL_PEER,     SUP,  REC,  WIRE_MANY,  5,               1},
	{TELL_PEER,     SUP,  HELP, WIRE_MANY,  5,               1},
	{TELL_READY,    ANY,  SUP,  WIRE_ONCE,  0,               0},
	{TELL_LATE,     KEEP, SUP,  WIRE_MANY,  12,              0},
	{TELL_COUNTS,   KEEP, SUP,  WIRE_MANY,  sizeof(struct counts), 0},
	{TELL_JOB,      KEEP, WORK, WIRE_MANY,  WIRE_BYTES_MAX,  2},
	{TELL_WAIT,     WORK, KEEP, WIRE_MANY,  12,              0},
	{TELL_OUTCOME,  WORK, KEEP, WIRE_MANY,  8,               1},
	{TELL_RETIRE,   WORK, KEEP, WIRE_ONCE,  0,               0},
	{TELL_SCAN,     WORK, ENG,  WIRE_MANY,  8,               1},
	{TELL_FOUND,    ENG,  WORK, WIRE_MANY,  WIRE_BYTES_MAX,  0},
	{TELL_RECORD,   KEEP, REC,  WIRE_MANY,  WIRE_BYTES_MAX,  1},
	{TELL_KICK,     KEEP, HELP, WIRE_MANY,  0,               0},
	{TELL_ASK,      CTL,  SUP,  WIRE_MANY,  5,               0},
	{TELL_ANSWER,   SUP,  CTL,  WIRE_MANY,  WIRE_BYTES_MAX,  0},
};
// clang-format on

const struct wire_table protocol = {rows, COUNT_OF(rows)};

void
job_pack(struct buf *b, const struct job *j)
{
	pack_u64(b, j->serial);
	pack_u32(b, j->attempt);
	pack_u64(b, j->offset);
	pack_u64(b, j->size);
	pack_u8(b, j->story);
	pack_slice(b, j->label);
	pack_slice(b, j->envelope);
}

bool
job_unpack(struct slice bytes, struct job *j)
{
	struct unpack u = unpack_of(bytes);

	j->serial = unpack_u64(&u);
	j->attempt = unpack_u32(&u);
	j->offset = unpack_u64(&u);
	j->size = unpack_u64(&u);
	j->story = unpack_u8(&u) != 0;
	j->label = unpack_slice(&u);
	j->envelope = unpack_slice(&u);
	return unpack_done(&u);
}

void
story_pack(struct buf *b, const struct story *s)
{
	pack_u8(b, s->status);
	pack_slice(b, s->json);
}

bool
story_unpack(struct slice bytes, struct story *s)
{
	struct unpack u = unpack_of(bytes);

	s->status = unpack_u8(&u);
	s->json = unpack_slice(&u);
	return unpack_done(&u);
}

#define COUNT_PACK(name) pack_u64(b, c->name);
void
counts_pack(struct buf *b, const struct counts *c)
{
	COUNTS(COUNT_PACK)
}
#undef COUNT_PACK

#define COUNT_UNPACK(name) c->name = unpack_u64(&u);
bool
counts_unpack(struct slice bytes, struct counts *c)
{
	struct unpack u = unpack_of(bytes);

	COUNTS(COUNT_UNPACK)
	return unpack_done(&u);
}
#undef COUNT_UNPACK

void
told_record_pack(struct buf *b, const struct told_record *r)
{
	pack_slice(b, r->id);
	pack_slice(b, r->claim);
	pack_slice(b, r->json);
	pack_slice(b, r->lines);
}

bool
told_record_unpack(struct slice bytes, struct told_record *r)
{
	struct unpack u = unpack_of(bytes);

	r->id = unpack_slice(&u);
	r->claim = unpack_slice(&u);
	r->json = unpack_slice(&u);
	r->lines = unpack_slice(&u);
	return unpack_done(&u);
}
