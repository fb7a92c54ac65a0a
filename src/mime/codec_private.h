/* codec_private - what the files of the codec share. */
#ifndef MIME_CODEC_PRIVATE_H
#define MIME_CODEC_PRIVATE_H

#include "mime/codec.h"

void codec_base64(struct codec_result *r, struct arena *a,
    enum codec_encoding e, struct slice in, size_t most);
void codec_qp(struct codec_result *r, struct arena *a, bool strict,
    struct slice in, size_t most);
/* All lines as uuencoded data, without begin and end. */
void codec_uu_lines(
    struct codec_result *r, struct arena *a, struct slice in, size_t most);
/* Kind of the first file in the first lines, or CODEC_IDENTITY. */
enum codec_encoding codec_embedded_kind(struct slice in);

#endif
