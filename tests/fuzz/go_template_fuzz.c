/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Templates: whatever parses is run over a fixed document; a failure leaves no output and a message.
 * Covers: src/codec/go_template*.c
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "codec/go_template.h"
#include "codec/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char document[] =
	"{\"Id\":\"abc\",\"S\":{\"N\":5,\"F\":1.5,\"Ok\":true,\"Z\":null},\"L\":[\"a\",\"b\",3,{\"x\":[]}],"
	"\"M\":{\"z\":\"1\",\"a\":\"2\"}}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct json_object *o;
	_cleanup_(go_template_freep) struct go_template *t = NULL;
	_cleanup_buf_ struct buf text = BUF_INIT, out = BUF_INIT;
	struct err err = {0};

	if (!o && json_parse(document, strlen(document), &o, &err) < 0)
		abort();
	buf_add(&text, data, size);
	if (go_template_parse(text.data, &t, &err) < 0 || go_template_execute(t, o, &out, &err) < 0)
		if (err.msg[0] == '\0' || out.len > 0)
			abort();
	return 0;
}
