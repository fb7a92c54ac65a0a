/* Whole messages, from bytes to findings. */
#include "mime/parser.h"
#include "scan/scan.h"
#include "sys/clock.h"
#include "test/archives.h"
#include "test/unit.h"

#define PE                                                                \
	slice_of("MZ\220\0\3\0\0\0\4\0\0\0\377\377\0\0\270\0\0\0\0\0\0\0" \
		 "\100\0\0\0\0\0\0\0 a program, nearly",                  \
	    50)
#define TEXT SLICE("only words, nothing else, and a few more of them\n")

static const char names_rules[] =
    "# comment\n"
    "deny\t.{150,}\tlong\tToo long a name\n"
    "rename to .ppt\t\\.pps$\tslides\tRenamed\n"
    "rename\t\\.fdf$\tform\tRenamed\n"
    "deny+delete\t\\.pif$\tpif\tShortcuts are deleted\n"
    "allow\t\\.txt$\t-\t-\n"
    "allow\t\\.jpg\\.exe$\t-\t-\n"
    "boss@example.org chief@example.org\t\\.key$\tkeys\tkeys\n"
    "deny\t*\\.cmd$\tcommands\tNo commands\n"
    "deny\t\\.exe$\tprogram\tNo programs\n"
    "deny\t\\.[a-z][a-z0-9]{2,3}\\s*\\.[a-z0-9]{3,4}$\tdouble\tHidden\n";
static const char types_rules[] =
    "allow\ttext\t-\t-\n"
    "deny\tMS-DOS executable\texecutable\tNo programs allowed\n"
    "deny\t-\timage/gif\tgif\tNo pictures of this kind\n";

struct lab {
	struct conf *c;
	struct arena *a;
	struct scanner *s;
	struct message m;
	struct buf mail;
	uint64_t seconds;
};

static const char *
rule_file(const char *name, const char *text)
{
	static char path[2][512];
	static unsigned turn;
	char *to = path[turn++ % 2];

	(void)snprintf(to, sizeof(path[0]), "%s/%s", unit_tmpdir(), name);
	unit_write(to, slice_str(text));
	return to;
}

static void
set(struct lab *l, enum option opt, const char *value)
{
	conf_set(l->c, opt, slice_str(value));
}

static void
begin(struct lab *l)
{
	*l = (struct lab){.a = arena_new(0), .seconds = 100};
	l->c = conf_defaults();
	buf_init(&l->mail, 1 << 28);
	set(l, OPT_FILENAME_RULES, rule_file("names", names_rules));
	set(l, OPT_ARCHIVES_FILENAME_RULES, "");
	set(l, OPT_FILETYPE_RULES, rule_file("types", types_rules));
	set(l, OPT_ARCHIVES_FILETYPE_RULES, "");
	(void)buf_adds(&l->mail,
	    "From: a@example.org\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: multipart/mixed; boundary=\"x\"\r\n\r\n"
	    "--x\r\n\r\nHello.\r\n");
}

static void
attach(struct lab *l, const char *name, struct slice bytes)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t i;

	(void)buf_addf(&l->mail,
	    "--x\r\nContent-Type: application/octet-stream\r\n"
	    "Content-Transfer-Encoding: base64\r\n"
	    "Content-Disposition: attachment; filename=\"%s\"\r\n\r\n",
	    name);
	for (i = 0; i < bytes.n; i += 3) {
		unsigned v = 0, k;

		for (k = 0; k < 3; k++)
			v = v << 8 |
			    (i + k < bytes.n ? (unsigned char)bytes.p[i + k]
					     : 0);
		for (k = 0; k < 4; k++)
			(void)buf_addc(&l->mail,
			    i + k > bytes.n ? '='
					    : digits[v >> (18 - 6 * k) & 63]);
		if (i % 57 == 54)
			(void)buf_adds(&l->mail, "\r\n");
	}
	(void)buf_adds(&l->mail, "\r\n");
}

static void
run_raw(struct lab *l, struct slice raw)
{
	static const struct envelope env;
	struct fail why = {0};

	l->s = scanner_new(l->c, &why);
	check(l->s != NULL);
	message_init(&l->m, l->a, l->c, &env, raw);
	message_parse(&l->m);
	scan_message(l->s, &l->m, clock_mono() + l->seconds * CLOCK_SEC);
}

static void
run(struct lab *l)
{
	(void)buf_adds(&l->mail, "--x--\r\n");
	run_raw(l, buf_slice(&l->mail));
}

static void
end(struct lab *l)
{
	scanner_free(l->s);
	buf_fini(&l->mail);
	conf_free(l->c);
	arena_free(l->a);
}

/* The first of that code; one that is nothing when there is none. */
static const struct finding *
found(const struct lab *l, enum finding_code code)
{
	static const struct finding none = {.entity = -2};
	const struct finding *f;

	vec_each (f, &l->m.verdict.findings)
		if (f->code == code)
			return f;
	return &none;
}

static bool
has(const struct lab *l, enum finding_code code)
{
	return verdict_has(&l->m.verdict, code);
}

UNIT(clean_mail_has_no_findings)
{
	struct lab l;

	begin(&l);
	attach(&l, "notes.txt", TEXT);
	attach(&l, "notes.zip", zip_of(l.a, "a.exe", TEXT, true));
	run(&l);
	check_int(l.m.verdict.findings.n, 0);
	check_int(l.m.verdict.incomplete.n, 0);
	check_slice(l.m.entities.at[2].filetype, "ASCII text");
	check_slice(l.m.entities.at[2].type_by_content, "text/plain");
	end(&l);
}

UNIT(a_denied_name)
{
	struct lab l;
	const struct finding *f;

	begin(&l);
	attach(&l, "run.exe", TEXT);
	run(&l);
	f = found(&l, FINDING_FILENAME);
	check_int(f->wish, WISH_BLOCK);
	check_slice(f->name, "run.exe");
	check_slice(f->detail, "No programs");
	check_slice(f->argument, "program");
	check(slice_ends(f->rule, "/names:10"));
	check_int(l.m.verdict.findings.n, 1);
	end(&l);
}

/* Forms of one name: denied however it is dressed. */
UNIT(every_reading_counts)
{
	static const char *const names[] = {"run.exe.", "run.exe ",
	    "C:\\x\\run.exe", "=?utf-8?q?run=2Eexe?=", "run.\xe2\x80\x8b\x65xe",
	    "run.exe::$DATA", "a.txt/run.exe"};
	struct lab l;
	size_t i;

	for (i = 0; i < COUNT_OF(names); i++) {
		begin(&l);
		attach(&l, names[i], TEXT);
		run(&l);
		check(has(&l, FINDING_FILENAME));
		end(&l);
	}
}

UNIT(the_other_actions)
{
	struct lab l;
	const struct finding *f;

	begin(&l);
	attach(&l, "a.pps", TEXT);
	run(&l);
	f = found(&l, FINDING_FILENAME);
	check_int(f->wish, WISH_RENAME);
	check_slice(f->argument, "a.ppt");
	end(&l);

	begin(&l);
	attach(&l, "a.fdf", TEXT);
	run(&l);
	check_slice(found(&l, FINDING_FILENAME)->argument, "a.fdf.disarmed");
	end(&l);

	begin(&l);
	set(&l, OPT_DEFAULT_RENAME_PATTERN, "safe-__filename__.txt");
	attach(&l, "a.fdf", TEXT);
	run(&l);
	check_slice(found(&l, FINDING_FILENAME)->argument, "safe-a.fdf.txt");
	end(&l);

	begin(&l);
	attach(&l, "a.pif", TEXT);
	run(&l);
	check_int(found(&l, FINDING_FILENAME)->wish, WISH_BLOCK_DELETE);
	end(&l);

	begin(&l);
	attach(&l, "a.key", TEXT);
	run(&l);
	f = found(&l, FINDING_FILENAME);
	check_int(f->wish, WISH_FORWARD);
	check_slice(f->argument, "boss@example.org chief@example.org");
	end(&l);

	begin(&l);
	attach(&l, "a.cmd", TEXT);
	run(&l);
	check_slice(found(&l, FINDING_FILENAME)->detail, "No commands");
	end(&l);

	begin(&l);
	attach(&l, "a.jpg.exe", TEXT);
	run(&l);
	check(!has(&l, FINDING_FILENAME));
	end(&l);
}

UNIT(patterns_of_options_come_first)
{
	struct lab l;

	begin(&l);
	set(&l, OPT_ALLOW_FILENAMES, "^good\\.exe$");
	set(&l, OPT_DENY_FILENAMES, "\\.doc$ *bad");
	attach(&l, "good.exe", TEXT);
	attach(&l, "letter.doc", TEXT);
	attach(&l, "this is bad.txt", TEXT);
	run(&l);
	check_int(l.m.verdict.findings.n, 2);
	check_slice(l.m.verdict.findings.at[0].name, "letter.doc");
	check_slice(l.m.verdict.findings.at[0].rule, "Deny Filenames");
	check_slice(l.m.verdict.findings.at[1].name, "this is bad.txt");
	end(&l);
}

UNIT(members_have_rules_of_their_own)
{
	struct lab l;

	begin(&l);
	set(&l, OPT_ARCHIVES_DENY_FILENAMES, "\\.js$");
	attach(&l, "a.zip", zip_of(l.a, "run.exe", TEXT, true));
	attach(&l, "b.zip", zip_of(l.a, "run.js", TEXT, true));
	attach(&l, "c.js", TEXT);
	run(&l);
	check_int(l.m.verdict.findings.n, 1);
	check_slice(l.m.verdict.findings.at[0].name, "run.js");
	end(&l);

	/* A tar is told by another letter. */
	begin(&l);
	set(&l, OPT_ARCHIVES_ARE, "zip");
	attach(&l, "a.tar", archive_of(l.a, "ustar", "none", "run.exe", TEXT));
	run(&l);
	check(has(&l, FINDING_FILENAME));
	end(&l);
}

UNIT(names_of_encrypted_members)
{
	struct lab l;
	struct zip_maker z;
	int i;

	for (i = 0; i < 2; i++) {
		begin(&l);
		set(&l, OPT_ALLOW_PASSWORD_PROTECTED_ARCHIVES, "yes");
		set(&l, OPT_CHECK_FILENAMES_IN_PASSWORD_PROTECTED_ARCHIVES,
		    i == 0 ? "yes" : "no");
		set(&l, OPT_ARCHIVES_DENY_FILENAMES, "\\.exe$");
		zip_maker_init(&z, l.a);
		zip_add(&z, (struct zip_part){
				.name = "run.exe", .data = TEXT, .flags = 1});
		attach(&l, "a.zip", zip_finish(&z));
		run(&l);
		check_int(has(&l, FINDING_FILENAME), i == 0);
		end(&l);
	}
}

UNIT(types_by_content)
{
	struct lab l;

	begin(&l);
	attach(&l, "photo.jpg", PE);
	run(&l);
	check(has(&l, FINDING_FILETYPE));
	check_slice(found(&l, FINDING_FILETYPE)->name, "photo.jpg");
	check_slice(found(&l, FINDING_FILETYPE)->detail, "No programs allowed");
	end(&l);

	/* By MIME type. */
	begin(&l);
	attach(&l, "a.bin", slice_of("GIF89a\1\0\1\0\200\0\0\0\0\0\0\0\0", 19));
	run(&l);
	check_slice(
	    found(&l, FINDING_FILETYPE)->detail, "No pictures of this kind");
	end(&l);

	/* Not asked for. */
	begin(&l);
	set(&l, OPT_FILE_COMMAND, "");
	attach(&l, "photo.jpg", PE);
	run(&l);
	check(!has(&l, FINDING_FILETYPE));
	end(&l);

	/* An allowed name may spare the type. */
	begin(&l);
	set(&l, OPT_OVERRIDE_FILETYPES, "yes");
	attach(&l, "a.txt", PE);
	attach(&l, "b.dat", PE);
	run(&l);
	check_int(l.m.verdict.findings.n, 1);
	check_slice(l.m.verdict.findings.at[0].name, "b.dat");
	end(&l);
}

UNIT(rules_that_cannot_be_read_are_not_clean)
{
	struct lab l;

	begin(&l);
	set(&l, OPT_FILENAME_RULES, "/nonexistent/rules");
	attach(&l, "a.txt", TEXT);
	run(&l);
	check_int(l.m.verdict.incomplete.n, 1);
	check_slice(l.m.verdict.incomplete.at[0].check, "filename");
	end(&l);
}

UNIT(sizes_and_counts)
{
	struct lab l;

	begin(&l);
	set(&l, OPT_MAXIMUM_MESSAGE_SIZE, "100");
	set(&l, OPT_MAXIMUM_ATTACHMENT_SIZE, "60");
	set(&l, OPT_MINIMUM_ATTACHMENT_SIZE, "10");
	attach(&l, "a.txt", SLICE("tiny"));
	attach(&l, "b.txt", TEXT);
	attach(&l, "c.txt",
	    SLICE("This one is longer than sixty bytes, so it is too large."
		  " It is."));
	run(&l);
	check_int(l.m.verdict.findings.n, 3);
	check_int(l.m.verdict.findings.at[0].entity, ENTITY_WHOLE);
	check_slice(l.m.verdict.findings.at[1].name, "a.txt");
	check_slice(l.m.verdict.findings.at[2].name, "c.txt");
	end(&l);

	begin(&l);
	set(&l, OPT_MAXIMUM_ATTACHMENTS_PER_MESSAGE, "2");
	attach(&l, "a.txt", TEXT);
	attach(&l, "b.txt", TEXT);
	run(&l);
	check_int(found(&l, FINDING_COUNT)->wish, WISH_BLOCK);
	end(&l);
}

UNIT(fragments_and_bodies_elsewhere)
{
	static const char partial[] = "Content-Type: message/partial; id=1; "
				      "number=1; total=2\n\nFrom: x\n\ntext\n";
	static const char external[] =
	    "Content-Type: message/external-body; access-type=URL; "
	    "URL=\"http://example.org/\"\n\nContent-Type: text/plain\n\n";
	struct lab l;

	begin(&l);
	run_raw(&l, slice_str(partial));
	check_int(found(&l, FINDING_PARTIAL)->wish, WISH_BLOCK);
	end(&l);
	begin(&l);
	set(&l, OPT_ALLOW_PARTIAL_MESSAGES, "yes");
	run_raw(&l, slice_str(partial));
	check_int(found(&l, FINDING_PARTIAL)->wish, WISH_NOTE);
	end(&l);
	begin(&l);
	run_raw(&l, slice_str(external));
	check_int(found(&l, FINDING_EXTERNAL_BODY)->wish, WISH_BLOCK);
	end(&l);
}

UNIT(encryption_wanted_or_not)
{
	static const char pgp[] =
	    "Content-Type: multipart/encrypted; boundary=b\n\n"
	    "--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n"
	    "--b\nContent-Type: application/octet-stream\n\nxxx\n--b--\n";
	static const char plain[] = "Subject: x\n\nHello.\n";
	struct lab l;

	begin(&l);
	set(&l, OPT_BLOCK_ENCRYPTED_MESSAGES, "yes");
	run_raw(&l, slice_str(pgp));
	check_int(found(&l, FINDING_ENCRYPTED)->wish, WISH_BLOCK);
	end(&l);
	begin(&l);
	set(&l, OPT_BLOCK_UNENCRYPTED_MESSAGES, "yes");
	run_raw(&l, slice_str(plain));
	check_int(found(&l, FINDING_ENCRYPTED)->wish, WISH_BLOCK);
	end(&l);
	begin(&l);
	set(&l, OPT_BLOCK_UNENCRYPTED_MESSAGES, "yes");
	run_raw(&l, slice_str(pgp));
	check(!has(&l, FINDING_ENCRYPTED));
	end(&l);
}

UNIT(two_readings_of_a_message)
{
	static const char two[] =
	    "Content-Type: multipart/mixed; boundary=a; boundary=b\n\n"
	    "--a\n\nHello.\n--a--\n"
	    "--b\nContent-Type: application/octet-stream; name=run.exe\n\n"
	    "text\n--b--\n";
	struct lab l;

	begin(&l);
	run_raw(&l, slice_str(two));
	check_int(found(&l, FINDING_AMBIGUOUS)->wish, WISH_BLOCK);
	check(has(&l, FINDING_FILENAME));
	end(&l);
	begin(&l);
	set(&l, OPT_AMBIGUOUS_MESSAGES, "deliver");
	run_raw(&l, slice_str(two));
	check_int(found(&l, FINDING_AMBIGUOUS)->wish, WISH_NOTE);
	check(has(&l, FINDING_FILENAME));
	end(&l);
}

UNIT(what_was_not_seen_is_not_clean)
{
	struct lab l;
	struct buf b;
	int i;

	begin(&l);
	buf_init(&b, 1 << 24);
	for (i = 0; i < 3000; i++)
		(void)buf_addf(&b,
		    "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i,
		    i);
	run_raw(&l, buf_slice(&b));
	check(has(&l, FINDING_TOO_DEEP) || has(&l, FINDING_TOO_MANY));
	check(verdict_blocks(&l.m.verdict));
	buf_fini(&b);
	end(&l);
}

UNIT(some_mail_is_not_looked_at)
{
	struct lab l;

	begin(&l);
	set(&l, OPT_SCAN_MESSAGES, "no");
	attach(&l, "run.exe", TEXT);
	run(&l);
	check_int(l.m.verdict.findings.n, 0);
	end(&l);
	begin(&l);
	set(&l, OPT_DANGEROUS_CONTENT_SCANNING, "no");
	attach(&l, "run.exe", zip_of(l.a, "a", TEXT, true));
	run(&l);
	check_int(l.m.verdict.findings.n, 0);
	/* Viruses are looked for in what archives hold. */
	check_int(l.m.entities.n, 5);
	end(&l);
}

UNIT(time_up_is_said)
{
	struct lab l;

	begin(&l);
	l.seconds = 0;
	attach(&l, "a.txt", TEXT);
	run(&l);
	check_int(l.m.verdict.incomplete.n, 3);
	end(&l);
}

UNIT_MAIN(unit(clean_mail_has_no_findings), unit(a_denied_name),
    unit(every_reading_counts), unit(the_other_actions),
    unit(patterns_of_options_come_first), unit(members_have_rules_of_their_own),
    unit(names_of_encrypted_members), unit(types_by_content),
    unit(rules_that_cannot_be_read_are_not_clean), unit(sizes_and_counts),
    unit(fragments_and_bodies_elsewhere), unit(encryption_wanted_or_not),
    unit(two_readings_of_a_message), unit(what_was_not_seen_is_not_clean),
    unit(some_mail_is_not_looked_at), unit(time_up_is_said))
