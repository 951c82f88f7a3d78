/* SPDX-License-Identifier: Apache-2.0 */
/* See worker_pool.h. One lock, one queue; the last thread out of a freed pool is waited for by worker_pool_free(). */
#include "api/worker_pool.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "base/alloc.h"
#include "base/log.h"

#define STACK_SIZE (512 * 1024)
#define IDLE_SECONDS 10

struct job {
	struct job *next;
	void (*fn)(void *arg);
	void *arg;
};

struct worker_pool {
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t work;  /* a job was queued, or the pool ends */
	pthread_cond_t quiet; /* nothing queued and nothing running, or a thread ended */
	struct job *first, **end;
	unsigned max, threads, idle, running;
	bool ending;
};

static void cond_init_monotonic(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
}

struct worker_pool *worker_pool_new(unsigned max_threads)
{
	struct worker_pool *p = xcalloc(1, sizeof(*p));

	pthread_mutex_init(&p->lock, NULL);
	cond_init_monotonic(&p->work);
	cond_init_monotonic(&p->quiet);
	p->end = &p->first;
	p->max = max_threads;
	return p;
}

static struct timespec after_ms(int64_t ms)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	ts.tv_sec += ms / 1000;
	ts.tv_nsec += ms % 1000 * 1000000;
	if (ts.tv_nsec >= 1000000000) {
		ts.tv_sec++;
		ts.tv_nsec -= 1000000000;
	}
	return ts;
}

/* With the lock. The next job, or NULL when this thread is to end. */
static struct job *take_job(struct worker_pool *p)
{
	struct timespec until = after_ms(IDLE_SECONDS * 1000);
	struct job *job;
	int r = 0;

	p->idle++;
	while (!p->first && !p->ending && r != ETIMEDOUT)
		r = pthread_cond_timedwait(&p->work, &p->lock, &until);
	p->idle--;
	job = p->first;
	if (!job)
		return NULL;
	p->first = job->next;
	if (!p->first)
		p->end = &p->first;
	p->running++;
	return job;
}

static void *work(void *arg)
{
	struct worker_pool *p = arg;
	struct job *job;

	pthread_mutex_lock(&p->lock);
	while ((job = take_job(p))) {
		pthread_mutex_unlock(&p->lock);
		job->fn(job->arg);
		free(job);
		pthread_mutex_lock(&p->lock);
		p->running--;
		if (p->running == 0 && !p->first)
			pthread_cond_broadcast(&p->quiet);
	}
	p->threads--;
	pthread_cond_broadcast(&p->quiet);
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

/* With the lock. */
static void start_thread(struct worker_pool *p)
{
	pthread_attr_t attr;
	pthread_t thread;
	int r;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	r = pthread_create(&thread, &attr, work, p);
	pthread_attr_destroy(&attr);
	if (r == 0)
		p->threads++;
	else
		log_warn("a worker thread can't be started, %u go on: error %d", p->threads, r);
}

void worker_pool_run(struct worker_pool *p, void (*fn)(void *arg), void *arg)
{
	struct job *job = xcalloc(1, sizeof(*job));

	job->fn = fn;
	job->arg = arg;
	pthread_mutex_lock(&p->lock);
	*p->end = job;
	p->end = &job->next;
	/* An idle thread that was already woken for an earlier job doesn't count twice: it takes one, the new one the other. */
	if (p->idle == 0 || p->first->next) {
		if (p->threads < p->max)
			start_thread(p);
	}
	pthread_cond_signal(&p->work);
	pthread_mutex_unlock(&p->lock);
}

bool worker_pool_drain(struct worker_pool *p, int64_t timeout_ms)
{
	struct timespec until = after_ms(timeout_ms);
	bool drained;
	int r = 0;

	pthread_mutex_lock(&p->lock);
	while ((p->first || p->running > 0) && r != ETIMEDOUT)
		r = pthread_cond_timedwait(&p->quiet, &p->lock, &until);
	drained = !p->first && p->running == 0;
	pthread_mutex_unlock(&p->lock);
	return drained;
}

void worker_pool_free(struct worker_pool *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->ending = true;
	pthread_cond_broadcast(&p->work);
	while (p->threads > 0)
		pthread_cond_wait(&p->quiet, &p->lock);
	pthread_mutex_unlock(&p->lock);
	pthread_cond_destroy(&p->work);
	pthread_cond_destroy(&p->quiet);
	pthread_mutex_destroy(&p->lock);
	free(p);
}
