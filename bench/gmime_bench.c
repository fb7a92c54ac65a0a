/* gmime_bench - the work of mime_bench done by libgmime-3.0, to compare.
 *
 *	gmime_bench REPEATS DIRECTORY */
#define _GNU_SOURCE
#include <fcntl.h>
#include <ftw.h>
#include <gmime/gmime.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static GPtrArray *mails;
static size_t parts, bytes;

static int
add_mail(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	size_t n = strlen(path);
	char *text;
	gsize size;

	(void)at;
	(void)st;
	if (kind != FTW_F || n < 4 || strcmp(path + n - 4, ".eml") != 0)
		return 0;
	if (!g_file_get_contents(path, &text, &size, NULL))
		return -1;
	g_ptr_array_add(mails, g_byte_array_new_take((guint8 *)text, size));
	return 0;
}

/* Decode a leaf into nothing but a count. */
static void
add_part(GMimeObject *parent, GMimeObject *part, gpointer ctx)
{
	GMimeStream *out;
	gint64 n;

	(void)parent;
	(void)ctx;
	parts++;
	if (!GMIME_IS_PART(part))
		return;
	out = g_mime_stream_mem_new();
	n = g_mime_data_wrapper_write_to_stream(
	    g_mime_part_get_content(GMIME_PART(part)), out);
	bytes += n > 0 ? (size_t)n : 0;
	g_object_unref(out);
}

static void
one(GByteArray *raw)
{
	GMimeStream *in =
	    g_mime_stream_mem_new_with_buffer((char *)raw->data, raw->len);
	GMimeParser *parser = g_mime_parser_new_with_stream(in);
	GMimeMessage *message;

	g_mime_parser_set_persist_stream(parser, TRUE);
	message = g_mime_parser_construct_message(parser, NULL);
	if (message != NULL) {
		g_mime_message_foreach(message, add_part, NULL);
		g_object_unref(message);
	}
	g_object_unref(parser);
	g_object_unref(in);
}

int
main(int argc, char **argv)
{
	long repeats = argc == 3 ? g_ascii_strtoll(argv[1], NULL, 10) : 0;
	guint i;

	if (repeats < 1) {
		(void)fprintf(stderr, "usage: gmime_bench REPEATS DIRECTORY\n");
		return 64;
	}
	g_mime_init();
	mails = g_ptr_array_new();
	if (nftw(argv[2], add_mail, 16, FTW_PHYS) != 0) {
		perror(argv[2]);
		return 2;
	}
	while (repeats-- > 0) {
		parts = bytes = 0;
		for (i = 0; i < mails->len; i++)
			one(g_ptr_array_index(mails, i));
	}
	(void)printf("%u messages, %zu parts, %zu bytes decoded\n", mails->len,
	    parts, bytes);
	return 0;
}
