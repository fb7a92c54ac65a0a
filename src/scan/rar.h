/* rar - what the headers of a RAR archive say about encryption and volumes.
 *
 * libarchive cannot tell an encrypted file from a damaged one. Both header
 * formats are walked, nothing is unpacked; linear, any bytes. Source: the
 * RAR 5.0 archive format note and technote.txt of RAR 4.
 */
#ifndef SCAN_RAR_H
#define SCAN_RAR_H

#include <stdbool.h>

#include "base/slice.h"

struct rar_look {
	bool headers_encrypted; /* not even names can be read */
	bool files_encrypted;   /* of some file */
	bool part;              /* one volume of several */
};

void rar_look(struct rar_look *out, struct slice bytes);

#endif
