/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The small dialect every file of Lighter shares: cleanup attributes, ownership transfer and attributes for the
 * compiler. Nothing else belongs here.
 */
#ifndef LIGHTER_BASE_MACROS_H
#define LIGHTER_BASE_MACROS_H

#include <stddef.h>
#include <stdlib.h>

/* Runs `fn(&variable)` when the variable leaves its scope. */
#define _cleanup_(fn) __attribute__((cleanup(fn)))

/* The caller has to look at the result. */
#define _must_check_ __attribute__((warn_unused_result))

#define _printf_(fmt, first) __attribute__((format(printf, fmt, first)))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Hands over what a _cleanup_ variable owns: yields its value and leaves `empty` behind. */
#define TAKE_GENERIC(var, empty)                          \
	({                                                \
		__typeof__(var) *take_ptr_ = &(var);      \
		__typeof__(var) take_value_ = *take_ptr_; \
		*take_ptr_ = (empty);                     \
		take_value_;                              \
	})
#define TAKE(ptr) TAKE_GENERIC(ptr, NULL)
#define TAKE_FD(fd) TAKE_GENERIC(fd, -EBADF)

#define MIN(a, b)                                  \
	({                                         \
		__typeof__(a) min_a_ = (a);        \
		__typeof__(b) min_b_ = (b);        \
		min_a_ < min_b_ ? min_a_ : min_b_; \
	})
#define MAX(a, b)                                  \
	({                                         \
		__typeof__(a) max_a_ = (a);        \
		__typeof__(b) max_b_ = (b);        \
		max_a_ > max_b_ ? max_a_ : max_b_; \
	})

#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

/* Defines `free_NAMEp(T **)` for _cleanup_() out of a function that frees a T* and accepts NULL. */
#define DEFINE_CLEANUP(type, fn)          \
	static inline void fn##p(type *p) \
	{                                 \
		if (*p)                   \
			fn(*p);           \
	}

static inline void freep(void *p)
{
	free(*(void **)p);
}
#define _cleanup_free_ _cleanup_(freep)

#endif
