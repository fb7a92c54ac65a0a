#include "test/hop.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "test/unit.h"

enum { RCPTS_MAX = 200, LINE_ROOM = 8192, TEXT_MAX = 16 * 1024 * 1024 };

struct session {
	const struct hop *h;
	FILE *in;
	int fd;
	char rcpts[RCPTS_MAX][200];
	size_t rcpt_count;
	int messages;
};

static void
nap(unsigned ms)
{
	struct timespec t = {
	    .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

	(void)nanosleep(&t, NULL);
}

static void
answer(const struct session *s, const char *said, const char *usual)
{
	const char *text = said != NULL ? said : usual;
	size_t n = strlen(text), step = s->h->dribble ? 1 : n;

	if (s->h->pause_ms > 0)
		nap(s->h->pause_ms);
	if (strcmp(text, HOP_HANG_UP) == 0)
		_exit(0);
	for (size_t at = 0; at < n; at += step) {
		if (send(s->fd, text + at, step, MSG_NOSIGNAL) < 0)
			_exit(0);
		if (s->h->dribble)
			nap(1);
	}
}

static FILE *
new_file(const struct hop *h, const char *kind, int number)
{
	char path[600];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s.%d.%d", h->dir, kind,
	    (int)getpid(), number);
	f = fopen(path, "wb");
	if (f == NULL)
		_exit(1);
	return f;
}

/* Message text up to CRLF.CRLF, byte for byte. */
static void
take_message(struct session *s)
{
	static char text[TEXT_MAX];
	size_t n = 0;
	FILE *f;
	int c;

	while ((c = fgetc(s->in)) != EOF) {
		text[n++] = (char)c;
		if (s->h->hang_up_after > 0 && n >= s->h->hang_up_after)
			_exit(0);
		if (n == TEXT_MAX)
			_exit(1);
		if ((n == 3 && memcmp(text, ".\r\n", 3) == 0) ||
		    (n >= 5 && memcmp(text + n - 5, "\r\n.\r\n", 5) == 0))
			break;
	}
	if (c == EOF)
		_exit(0);
	f = new_file(s->h, "part", s->messages);
	(void)fwrite(text, 1, n - 3, f);
	(void)fclose(f);
}

/* The message counts once its answer is "taken". */
static void
keep_message(struct session *s, bool keep)
{
	char from[600], to[600];

	(void)snprintf(from, sizeof(from), "%s/part.%d.%d", s->h->dir,
	    (int)getpid(), s->messages);
	(void)snprintf(to, sizeof(to), "%s/mail.%d.%d", s->h->dir,
	    (int)getpid(), s->messages++);
	if (keep)
		(void)rename(from, to);
	else
		(void)unlink(from);
}

static void
end_message(struct session *s)
{
	const struct hop *h = s->h;
	bool keep = false;
	size_t n = h->lmtp ? s->rcpt_count : 1;

	for (size_t i = 0; i < n; i++) {
		const char *said =
		    h->dot_answer != NULL ? h->dot_answer(s->rcpts[i]) : h->dot;

		if (said == NULL || said[0] == '2')
			keep = true;
	}
	keep_message(s, keep);
	for (size_t i = 0; i < n; i++)
		answer(s,
		    h->dot_answer != NULL ? h->dot_answer(s->rcpts[i]) : h->dot,
		    "250 2.0.0 taken\r\n");
	s->rcpt_count = 0;
}

static bool
starts(const char *line, const char *word)
{
	return strncasecmp(line, word, strlen(word)) == 0;
}

static void
take_rcpt(struct session *s, const char *line)
{
	const struct hop *h = s->h;
	const char *said =
	    h->rcpt_answer != NULL ? h->rcpt_answer(line) : h->rcpt;

	if ((said == NULL || said[0] == '2') && s->rcpt_count < RCPTS_MAX)
		(void)snprintf(s->rcpts[s->rcpt_count++], sizeof(s->rcpts[0]),
		    "%.190s", line);
	answer(s, said, "250 2.1.5 ok\r\n");
}

static void
take_line(struct session *s, const char *line)
{
	const struct hop *h = s->h;

	if (starts(line, "EHLO") || starts(line, "LHLO") ||
	    starts(line, "HELO")) {
		answer(s, h->hello,
		    "250-hop\r\n250-PIPELINING\r\n250-SIZE\r\n"
		    "250-8BITMIME\r\n250 DSN\r\n");
	} else if (starts(line, "XFORWARD")) {
		answer(s, h->xforward, "250 ok\r\n");
	} else if (starts(line, "MAIL")) {
		s->rcpt_count = 0;
		answer(s, h->mail, "250 2.1.0 ok\r\n");
	} else if (starts(line, "RCPT")) {
		take_rcpt(s, line);
	} else if (starts(line, "DATA")) {
		answer(s, h->data, "354 go on\r\n");
		if (h->data == NULL || h->data[0] == '3') {
			take_message(s);
			end_message(s);
		}
	} else if (starts(line, "QUIT")) {
		answer(s, NULL, "221 bye\r\n");
		_exit(0);
	} else if (starts(line, "RSET") || starts(line, "NOOP")) {
		answer(s, NULL, "250 ok\r\n");
	} else {
		answer(s, NULL, "500 what\r\n");
	}
}

static void
serve(const struct hop *h, int fd)
{
	static struct session s;
	char line[LINE_ROOM];
	FILE *commands = new_file(h, "session", 0);

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	s = (struct session){.h = h, .fd = fd, .in = fdopen(fd, "rb")};
	answer(&s, h->greeting, "220 hop ready\r\n");
	while (s.in != NULL && fgets(line, sizeof(line), s.in) != NULL) {
		(void)fputs(line, commands);
		(void)fflush(commands);
		take_line(&s, line);
	}
	_exit(0);
}

static void
accept_all(const struct hop *h, int listener)
{
	(void)setpgid(0, 0);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			continue;
		if (fork() == 0)
			serve(h, fd);
		(void)close(fd);
	}
}

void
hop_start(struct hop *h)
{
	struct sockaddr_in at = {
	    .sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t size = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr any;

	check(mkdir(h->dir, 0700) == 0 || errno == EEXIST);
	memset(&any, 0, sizeof(any));
	memcpy(&any, &at, sizeof(at));
	check_int(bind(fd, &any, size), 0);
	check_int(listen(fd, 100), 0);
	check_int(getsockname(fd, &any, &size), 0);
	memcpy(&at, &any, sizeof(at));
	(void)snprintf(h->address, sizeof(h->address), "127.0.0.1:%u",
	    (unsigned)ntohs(at.sin_port));
	h->pid = fork();
	check(h->pid >= 0);
	if (h->pid == 0)
		accept_all(h, fd);
	(void)setpgid(h->pid, h->pid);
	(void)close(fd);
}

void
hop_stop(struct hop *h)
{
	if (h->pid <= 0)
		return;
	(void)kill(-h->pid, SIGKILL);
	(void)waitpid(h->pid, NULL, 0);
	h->pid = 0;
}

static size_t
count(const struct hop *h, const char *kind)
{
	const struct dirent *e;
	DIR *d = opendir(h->dir);
	size_t n = 0;

	while (d != NULL && (e = readdir(d)) != NULL)
		n += strncmp(e->d_name, kind, strlen(kind)) == 0;
	if (d != NULL)
		(void)closedir(d);
	return n;
}

size_t
hop_messages(const struct hop *h)
{
	return count(h, "mail.");
}

size_t
hop_sessions(const struct hop *h)
{
	return count(h, "session.");
}

struct slice
hop_message(const struct hop *h)
{
	static char all[TEXT_MAX];
	const struct dirent *e;
	DIR *d = opendir(h->dir);
	size_t n = 0;

	while (d != NULL && (e = readdir(d)) != NULL) {
		char path[900];
		struct slice one;

		if (strncmp(e->d_name, "mail.", 5) != 0)
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", h->dir, e->d_name);
		one = unit_read(path);
		check(n + one.n <= sizeof(all));
		memcpy(all + n, one.p, one.n);
		n += one.n;
	}
	if (d != NULL)
		(void)closedir(d);
	return slice_of(all, n);
}
