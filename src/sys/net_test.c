#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sys/loop.h"
#include "sys/net.h"
#include "test/unit.h"

UNIT(addresses_parse_and_print)
{
	static const struct {
		const char *text, *shown; /* shown NULL: refused */
		unsigned port;
	} rows[] = {
	    {"192.0.2.1:25", "192.0.2.1:25", 0},
	    {"192.0.2.1", "192.0.2.1:2525", 2525},
	    {"192.0.2.1", NULL, 0},
	    {"[2001:db8::1]:25", "[2001:db8::1]:25", 0},
	    {"[2001:db8::1]", "[2001:db8::1]:24", 24},
	    {"2001:db8::1", "[2001:db8::1]:24", 24},
	    {"[192.0.2.1]:25", "192.0.2.1:25", 0},
	    {"*:25", "[::]:25", 0},
	    {"unix:/run/x", "unix:/run/x", 0},
	    {"/run/x", "unix:/run/x", 0},
	    {"unix:run/x", NULL, 0},
	    {"192.0.2.1:65536", NULL, 0},
	    {"192.0.2.1:2x", NULL, 0},
	    {"[::1", NULL, 25},
	    {"[::1]x25", NULL, 25},
	    {"host.example:25", NULL, 0},
	    {"", NULL, 25},
	    {":25", NULL, 0},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct net_address a;
		char text[NET_TEXT_MAX];
		int rc =
		    net_parse(&a, slice_str(rows[i].text), rows[i].port, NULL);

		check_int(rc, rows[i].shown != NULL ? 0 : FAIL_BAD);
		if (rc == 0)
			check_str(
			    net_text(&a, text, sizeof(text)), rows[i].shown);
	}
}

UNIT(an_overlong_path_is_refused)
{
	struct net_address a;
	char path[200];

	memset(path, 'x', sizeof(path));
	path[0] = '/';
	check_int(
	    net_parse(&a, slice_of(path, sizeof(path)), 0, NULL), FAIL_BAD);
	check_int(net_parse(&a, slice_of("/a\0b", 4), 0, NULL), FAIL_BAD);
}

UNIT(names_are_looked_up_only_when_asked)
{
	struct net_address a;
	struct fail why;
	char text[NET_TEXT_MAX];

	check_int(net_parse(&a, SLICE("localhost:25"), 0, &why), FAIL_BAD);
	check_int(net_resolve(&a, SLICE("localhost:25"), 0, &why), 0);
	net_ip_text(&a, text, sizeof(text));
	check(strcmp(text, "127.0.0.1") == 0 || strcmp(text, "::1") == 0);
}

static void
talk(const struct net_address *at)
{
	struct net_address peer, bound;
	int server = net_listen(at, 0600, NULL), client, got;
	char c = 0;

	check(server >= 0);
	check_int(net_local(server, &bound, NULL), 0);
	check_int(net_accept(server, &peer, NULL), FAIL_AGAIN);
	client = net_connect_within(&bound, LOOP_SEC, NULL);
	check(client >= 0);
	got = net_accept(server, &peer, NULL);
	check(got >= 0);
	check_int(write(client, "x", 1), 1);
	while (read(got, &c, 1) < 0)
		usleep(1000);
	check_int(c, 'x');
	close(got);
	close(client);
	close(server);
}

UNIT(listen_accept_connect)
{
	struct net_address a;
	char path[256];

	check_int(net_parse(&a, SLICE("127.0.0.1:0"), 1, NULL), 0);
	talk(&a);
	(void)snprintf(path, sizeof(path), "%s/s", unit_tmpdir());
	check_int(net_parse(&a, slice_str(path), 0, NULL), 0);
	talk(&a);
	talk(&a); /* the socket file left behind is replaced */
}

UNIT(a_socket_in_use_and_a_plain_file_are_not_replaced)
{
	struct net_address a;
	struct fail why;
	char path[256];
	int first;

	(void)snprintf(path, sizeof(path), "%s/used", unit_tmpdir());
	check_int(net_parse(&a, slice_str(path), 0, NULL), 0);
	first = net_listen(&a, 0600, NULL);
	check(first >= 0);
	check(net_listen(&a, 0600, &why) < 0);
	close(first);
	(void)snprintf(path, sizeof(path), "%s/file", unit_tmpdir());
	unit_write(path, SLICE("keep"));
	check_int(net_parse(&a, slice_str(path), 0, NULL), 0);
	check(net_listen(&a, 0600, &why) < 0);
	check_slice(unit_read(path), "keep");
}

UNIT(nobody_there_is_a_failure_with_a_story)
{
	struct net_address a;
	struct fail why = {.code = 0};
	int fd;

	check_int(net_parse(&a, SLICE("127.0.0.1:1"), 0, NULL), 0);
	fd = net_connect_within(&a, LOOP_SEC, &why);
	check(fd < 0);
	check(strstr(why.text, "refused") != NULL);
}

UNIT(ranges)
{
	static const struct {
		const char *range, *ip;
		int has; /* -1: the range is refused */
	} rows[] = {
	    {"192.0.2.0/24", "192.0.2.200", 1},
	    {"192.0.2.0/24", "192.0.3.1", 0},
	    {"192.0.2.128/25", "192.0.2.127", 0},
	    {"192.0.2.128/25", "192.0.2.128", 1},
	    {"10.0.0.0/7", "11.255.0.1", 1},
	    {"10.0.0.0/7", "12.0.0.1", 0},
	    {"0.0.0.0/0", "203.0.113.9", 1},
	    {"0.0.0.0/0", "2001:db8::1", 0},
	    {"::/0", "203.0.113.9", 1},
	    {"2001:db8::/33", "2001:db8:7fff::1", 1},
	    {"2001:db8::/33", "2001:db8:8000::1", 0},
	    {"127.0.0.1", "127.0.0.1", 1},
	    {"127.0.0.1", "127.0.0.2", 0},
	    {"::ffff:127.0.0.1", "127.0.0.1", 1},
	    {"127.0.0.1/33", "127.0.0.1", -1},
	    {"127.0.0.1/", "127.0.0.1", -1},
	    {"127.1", "127.0.0.1", -1},
	    {"*", "127.0.0.1", -1},
	    {"", "127.0.0.1", -1},
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct net_range r;
		struct net_address a;
		int rc = net_range_parse(&r, slice_str(rows[i].range), NULL);

		check_int(net_parse(&a, slice_str(rows[i].ip), 25, NULL), 0);
		check_int(rc, rows[i].has < 0 ? FAIL_BAD : 0);
		if (rc == 0)
			check_int(net_range_has(&r, &a), rows[i].has);
	}
	check_int(net_range_has(&(struct net_range){.bits = 0},
		      &(struct net_address){.size = 0}),
	    0);
}

UNIT_MAIN(unit(addresses_parse_and_print), unit(an_overlong_path_is_refused),
    unit(names_are_looked_up_only_when_asked), unit(listen_accept_connect),
    unit(a_socket_in_use_and_a_plain_file_are_not_replaced),
    unit(nobody_there_is_a_failure_with_a_story), unit(ranges))
