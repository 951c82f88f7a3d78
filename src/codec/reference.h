/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Image references as Docker reads them: `debian` is docker.io/library/debian:latest, the familiar form back is
 * `debian:latest`. The first component is a registry when it has a '.', a ':' or an upper-case letter, or is
 * "localhost"; index.docker.io is docker.io. Checked against Docker 28's replies, messages included.
 */
#ifndef LIGHTER_CODEC_REFERENCE_H
#define LIGHTER_CODEC_REFERENCE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"

struct reference {
	char *domain; /* "docker.io", "localhost:5000" */
	char *path;   /* "library/debian" */
	char *tag;    /* NULL: none given */
	char *digest; /* "sha256:...", NULL: none given */
};

/* Parses; strings in the arena. ERR_INVALID "invalid reference format" and its variants. No tag is put in. */
int reference_parse(const char *text, struct arena *a, struct reference *ret, struct err *err) _must_check_;

/* Puts in "latest" when there is neither tag nor digest. */
void reference_default_tag(struct reference *r);

/* Whether it is [\w][\w.-]{0,127}. */
bool reference_tag_valid(const char *tag);

/* "docker.io/library/debian"; "debian"; both with tag and digest as far as there are any. In the arena. */
char *reference_name(const struct reference *r, struct arena *a);
char *reference_familiar_name(const struct reference *r, struct arena *a);
char *reference_text(const struct reference *r, struct arena *a);
char *reference_familiar(const struct reference *r, struct arena *a);

#endif
