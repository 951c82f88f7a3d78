/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/image_docs.h"

#include <string.h>

#include "codec/digest.h"

#include "../unit.h"

#define D1 "sha256:ea729df9fea04bdff504fc41108d777eed00de6288be9401c8207fb9826afe94"
#define D2 "sha256:05f140b68907c32dc3019b2183d62e3d511e5331c427e1f56f93a254815e564b"
#define D3 "sha256:d214b5cfcf3912909405df10525e018451177549fb3c30803b559fadd95502a6"
#define CONFIG(type) "\"config\":{\"mediaType\":\"" type "\",\"digest\":\"" D3 "\",\"size\":303}"

/* What docker save of Docker 28.5 wrote for an image of these two layers, and the digest it gave it. */
static const char docker_save[] =
	"{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_MANIFEST
	"\"," CONFIG(MEDIA_OCI_CONFIG) ",\"layers\":["
				       "{\"mediaType\":\"" MEDIA_OCI_LAYER "\",\"digest\":\"" D1 "\",\"size\":3010560},"
				       "{\"mediaType\":\"" MEDIA_OCI_LAYER "\",\"digest\":\"" D2 "\",\"size\":10240}]}";

static void test_written_as_docker_does(void **state)
{
	struct image_descriptor config = {.media_type = (char *)MEDIA_OCI_CONFIG, .digest = (char *)D3, .size = 303};
	struct image_descriptor layers[] = {{.media_type = (char *)MEDIA_OCI_LAYER, .digest = (char *)D1, .size = 3010560},
					    {.media_type = (char *)MEDIA_OCI_LAYER, .digest = (char *)D2, .size = 10240}};
	_cleanup_buf_ struct buf b = BUF_INIT;
	char digest[DIGEST_TEXT_MAX];

	image_manifest_write(&b, &config, layers, 2);
	assert_string_equal(b.data, docker_save);
	digest_of(b.data, b.len, digest);
	assert_string_equal(digest, "sha256:40557cd7ffe4a029546facb047c639e339c43dcc73897c0a95ffa4698e574688");
}

static void test_manifests(void **state)
{
	static const struct {
		const char *text, *announced, *error; /* NULL: accepted */
	} rows[] = {
		{docker_save, NULL, NULL},
		{docker_save, MEDIA_OCI_MANIFEST, NULL},
		{docker_save, MEDIA_DOCKER_MANIFEST, "was announced as"},
		{"{\"schemaVersion\":2," CONFIG(MEDIA_DOCKER_CONFIG) "}", MEDIA_DOCKER_MANIFEST, NULL},
		{"{\"schemaVersion\":1,\"name\":\"x\"}", NULL, "schema 1 are not supported"},
		{"{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_INDEX "\"}", NULL, "unexpected media type"},
		{"{\"schemaVersion\":2}", NULL, "without a config"},
		{"{\"schemaVersion\":2," CONFIG("application/vnd.cncf.helm.config.v1+json") "}", NULL, "not an image"},
		{"{\"schemaVersion\":2," CONFIG(MEDIA_OCI_CONFIG) ",\"layers\":[{\"mediaType\":\"text/html\",\"digest\":\"" D1
								  "\",\"size\":1}]}",
		 NULL, "unsupported media type"},
		{"{\"schemaVersion\":2," CONFIG(MEDIA_OCI_CONFIG) ",\"layers\":[{\"digest\":\"sha256:../x\",\"size\":1}]}",
		 NULL, "invalid digest"},
		{"{\"schemaVersion\":2," CONFIG(MEDIA_OCI_CONFIG) ",\"layers\":[{\"digest\":\"" D1 "\",\"size\":-1}]}", NULL,
		 "invalid size"},
		{"{\"schemaVersion\":\"2\"}", NULL, "schemaVersion"},
		{"[]", NULL, ""},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_arena_ struct arena *a = arena_new(0);
		struct image_manifest m;
		struct err err = {0};
		int r = image_manifest_parse(rows[i].text, strlen(rows[i].text), rows[i].announced, a, &m, &err);

		if (r < 0 && !rows[i].error)
			fail_msg("%s: %s", rows[i].text, err.msg);
		if (rows[i].error && (r >= 0 || !strstr(err.msg, rows[i].error)))
			fail_msg("%s: %s", rows[i].text, err.msg);
	}
}

static void test_manifest_json(void **state)
{
	static const char text[] =
		"[{\"Config\":\"c.json\",\"RepoTags\":null,\"Layers\":[\"a/layer.tar\"]},{\"Config\":\"d.json\"}]";
	static const char *const bad[] = {"",    "{}",          "[{\"Layers\":[]}]",
					  "[5]", "[],\"x\":[]", "[{\"Config\":\"c\",\"Layers\":\"x\"}]"};
	_cleanup_arena_ struct arena *a = arena_new(0);
	struct docker_archive_image *images;
	size_t n;

	assert_int_equal(docker_archive_parse(text, strlen(text), a, &images, &n, NULL), 0);
	assert_int_equal(n, 2);
	assert_string_equal(images[0].layers[0], "a/layer.tar");
	assert_null(images[0].repo_tags);
	assert_null(images[1].layers);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (docker_archive_parse(bad[i], strlen(bad[i]), a, &images, &n, NULL) >= 0)
			fail_msg("accepted: %s", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_written_as_docker_does), cmocka_unit_test(test_manifests),
					   cmocka_unit_test(test_manifest_json)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
