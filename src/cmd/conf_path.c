#define _GNU_SOURCE
#include "cmd/conf_path.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"

static char found[PATH_MAX];

/* The directory of the running program, without a slash at the end. */
static const char *
program_dir(char *dir, size_t cap)
{
	ssize_t n = readlink("/proc/self/exe", dir, cap - 1);
	char *slash;

	if (n <= 0)
		return NULL;
	dir[n] = '\0';
	slash = strrchr(dir, '/');
	if (slash == NULL)
		return NULL;
	*slash = '\0';
	return dir;
}

static const char *
absolute(const char *path)
{
	char cwd[PATH_MAX];
	int n;

	if (path[0] == '/' || getcwd(cwd, sizeof(cwd)) == NULL)
		return path;
	n = snprintf(found, sizeof(found), "%s/%s", cwd, path);
	return n > 0 && (size_t)n < sizeof(found) ? found : path;
}

const char *
conf_path(const char *given)
{
	static const char *const beside[] = {
	    "../etc/MailScanner.conf", "../share/reeve/MailScanner.conf"};
	static const char theirs[] = "/etc/MailScanner/MailScanner.conf";
	static const char ours[] = "/etc/reeve/MailScanner.conf";
	char dir[PATH_MAX];
	size_t i;

	if (given != NULL)
		return absolute(given);
	if (access(theirs, R_OK) == 0)
		return theirs;
	if (program_dir(dir, sizeof(dir)) != NULL)
		for (i = 0; i < COUNT_OF(beside); i++) {
			int n = snprintf(
			    found, sizeof(found), "%s/%s", dir, beside[i]);

			if (n > 0 && (size_t)n < sizeof(found) &&
			    access(found, R_OK) == 0)
				return found;
		}
	return access(ours, R_OK) == 0 ? ours : NULL;
}
