/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target on files: every file of the directories and every file named on the command line, then on each of
 * their prefixes of up to 64 bytes. So that any build replays the corpora, without libFuzzer.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/macros.h"

#define FILE_MAX (8 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy of exactly that size, so that the sanitizer sees a read behind the end. */
static void run_input(const char *bytes, size_t len)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);

	if (!copy)
		abort();
	if (len > 0)
		memcpy(copy, bytes, len);
	LLVMFuzzerTestOneInput(copy, len);
	free(copy);
}

static int run_file(const char *path)
{
	_cleanup_buf_ struct buf bytes = BUF_INIT;
	int r = file_read_at(AT_FDCWD, path, FILE_MAX, &bytes);

	if (r < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(-r));
		return r;
	}
	run_input(bytes.data, bytes.len);
	for (size_t len = 0; len < bytes.len && len < 64; len++)
		run_input(bytes.data, len);
	return 1;
}

/* How many files were run, or a negative errno. */
static int run_path(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	int n = 0;

	if (!dir)
		return run_file(path);
	while ((entry = readdir(dir))) {
		char file[4096];
		int r;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
		r = run_file(file);
		if (r < 0) {
			n = r;
			break;
		}
		n += r;
	}
	closedir(dir);
	return n;
}

int main(int argc, char **argv)
{
	int total = 0;

	for (int i = 1; i < argc; i++) {
		int n = run_path(argv[i]);

		if (n < 0)
			return 1;
		total += n;
	}
	printf("%d inputs\n", total);
	return total > 0 ? 0 : 1;
}
