/* SPDX-License-Identifier: Apache-2.0 */
/* config.json in and out; see oci_spec.h. The tables are in oci_spec_table.c, the schema's rules in oci_spec_check.c. */
#include "codec/oci_spec.h"

#include <errno.h>

static int parse(const char *text, size_t len, const struct json_shape *shape, struct arena *a, void **ret, struct err *err)
{
	void *out;
	int r;

	if (len > OCI_SPEC_MAX_BYTES)
		return err_set(err, ERR_TOO_LARGE, "%s is larger than %u bytes", shape->name, OCI_SPEC_MAX_BYTES);
	out = arena_alloc(a, shape->size);
	if (!out)
		return err_sys(err, ENOMEM, "parse %s", shape->name);
	r = json_decode_text(text, len, shape, 0, a, out, err);
	if (r < 0)
		return r;
	*ret = out;
	return 0;
}

int oci_spec_parse(const char *text, size_t len, struct arena *a, struct oci_spec **ret_spec, struct err *err)
{
	void *spec;
	int r;

	r = parse(text, len, &oci_spec_shape, a, &spec, err);
	if (r < 0)
		return r;
	r = oci_spec_check(spec, err);
	if (r < 0)
		return r;
	*ret_spec = spec;
	return 0;
}

int oci_process_parse(const char *text, size_t len, struct arena *a, struct oci_process **ret_process, struct err *err)
{
	void *process;
	int r;

	r = parse(text, len, &oci_process_shape, a, &process, err);
	if (r < 0)
		return r;
	r = oci_process_check(process, err);
	if (r < 0)
		return r;
	*ret_process = process;
	return 0;
}

void oci_spec_write(const struct oci_spec *spec, struct buf *out)
{
	struct json_writer w = {.out = out};

	json_encode(&w, &oci_spec_shape, spec);
}
