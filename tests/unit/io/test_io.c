/* SPDX-License-Identifier: MIT */
/*
 * Tasks, timers, stops, events, descriptors, helpers: the same program for both seams.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "io/inner.h"
#include "io/mbox.h"
#include "tests/unit/task.h"

#define LONG (60 * IO_SECOND) /* a deadline that a passing test never reaches */

#ifdef SEAM_THREAD
#define MANY 300
#else
#define MANY 10000
#endif

/* Tasks */

struct add {
	struct io *io;
	int *sum, n;
	int rounds;
};

static void add_some(void *arg)
{
	struct add *a = arg;

	for (int i = 0; i < a->rounds; i++)
		EXPECT_RC(RC_OK, io_sleep(a->io, 0, NULL));
	*a->sum += a->n;
}

static void join_many(struct io *io)
{
	struct task **t = xalloc(MANY * sizeof(struct task *));
	struct add *a = xalloc(MANY * sizeof(*a));
	int sum = 0;

	for (int i = 0; i < MANY; i++) {
		a[i] = (struct add){io, &sum, i, i % 3};
		t[i] = io_go(io, "add", add_some, &a[i]);
	}
	EXPECT_EQ(io_tasks(io), MANY + 1);
	EXPECT_EQ(sum, 0);
	for (int i = MANY - 1; i >= 0; i--)
		io_join(t[i]);
	EXPECT_EQ(sum, MANY * (MANY - 1) / 2);
	EXPECT_EQ(io_tasks(io), 1);
	free(t);
	free(a);
}

static void many_tasks_run_and_are_joined(void **state UNUSED)
{
	run_task(join_many);
}

/* A stack that was used before must be as good as new, with other depths of use. */
static int dig(int depth)
{
	volatile char room[256];

	memset((void *)(uintptr_t)room, depth, sizeof(room));
	return depth == 0 ? room[0] : dig(depth - 1) + (room[255] == (char)depth);
}

static void dig_task(void *arg)
{
	int *depth = arg;

	EXPECT_EQ(dig(*depth), *depth);
}

static void reuse(struct io *io)
{
	for (int round = 0; round < 50; round++) {
		int depth[8];
		struct task *t[8];

		for (int i = 0; i < 8; i++) {
			depth[i] = round + i * 3;
			t[i] = io_go(io, "dig", dig_task, &depth[i]);
		}
		for (int i = 0; i < 8; i++)
			io_join(t[i]);
	}
}

static void stacks_are_reused(void **state UNUSED)
{
	run_task(reuse);
}

static void set_errno(void *arg)
{
	struct io *io = arg;

	errno = EDOM;
	io_sleep(io, 0, NULL);
	EXPECT_EQ(errno, EDOM);
}

static void errno_of_two(struct io *io)
{
	struct task *t = io_go(io, "errno", set_errno, io);

	errno = ERANGE;
	io_sleep(io, IO_MS, NULL);
	EXPECT_EQ(errno, ERANGE);
	io_join(t);
}

static void errno_survives_a_wait(void **state UNUSED)
{
	run_task(errno_of_two);
}

/* Timers */

struct fired {
	int order[16], n;
	struct io_event done;
	struct io *io;
};
struct ring {
	struct io_timer t;
	struct fired *f;
	int id;
};

static void on_ring(void *ctx)
{
	struct ring *r = ctx;

	r->f->order[r->f->n++] = r->id;
	if (r->f->n == 5)
		io_event_set(r->f->io, &r->f->done);
}

static void ring_all(struct io *io)
{
	static const int at_ms[8] = {600, 200, LONG / IO_MS, 400, 800, 300, 700, 1200}; /* far apart: a machine that is held up is not to be told from one that is wrong */
	struct fired f = {.io = io};
	struct ring r[8];

	memset(r, 0, sizeof(r));
	for (int i = 0; i < 8; i++) {
		r[i].f = &f;
		r[i].id = i;
		io_timer_set(io, &r[i].t, io_in(io, at_ms[i] * IO_MS), on_ring, &r[i]);
	}
	/* One taken off, two moved: one later, one to the front. */
	io_timer_off(io, &r[5].t);
	io_timer_off(io, &r[5].t);
	io_timer_set(io, &r[6].t, io_in(io, LONG), on_ring, &r[6]);
	io_timer_set(io, &r[7].t, io_now(io), on_ring, &r[7]);
	EXPECT_RC(RC_OK, io_event_wait(io, &f.done, io_in(io, LONG), NULL));
	EXPECT_EQ(f.order[0], 7);
	EXPECT_EQ(f.order[1], 1);
	EXPECT_EQ(f.order[2], 3);
	EXPECT_EQ(f.order[3], 0);
	EXPECT_EQ(f.order[4], 4);
	EXPECT_EQ(f.n, 5);
	io_timer_off(io, &r[2].t);
	io_timer_off(io, &r[6].t);
}

static void timers_fire_in_order(void **state UNUSED)
{
	run_task(ring_all);
}

static void sleep_measured(struct io *io)
{
	int64_t before = env_mono_us(env_real());

	EXPECT_RC(RC_OK, io_sleep(io, 30 * IO_MS, NULL));
	EXPECT(env_mono_us(env_real()) - before >= 29 * IO_MS);
}

static void a_sleep_takes_its_time(void **state UNUSED)
{
	run_task(sleep_measured);
}

/* Thousands of timers, set, moved and taken off at random, against a plain list. */
static void on_count(void *ctx)
{
	++*(int *)ctx;
}

static void timer_storm(struct io *io)
{
	enum { N = 256 };
	struct io_timer *t = xalloc(N * sizeof(*t));
	int fired = 0, on = 0;
	unsigned x = 12345;

	for (int i = 0; i < 20000; i++) {
		struct io_timer *p = &t[(x = x * 1103515245 + 12345) >> 8 & 255];

		if (x >> 20 & 1)
			io_timer_set(io, p, io_in(io, (int64_t)(x >> 12 & 1023) + LONG), on_count, &fired);
		else
			io_timer_off(io, p);
	}
	for (int i = 0; i < N; i++)
		if (t[i].place) {
			on++;
			io_timer_set(io, &t[i], io_now(io) - i % 7, on_count, &fired);
		}
	EXPECT(on > 50);
	while (fired < on)
		io_sleep(io, IO_MS, NULL);
	for (int i = 0; i < N; i++)
		EXPECT_EQ(t[i].place, 0);
	free(t);
}

static void many_timers(void **state UNUSED)
{
	run_task(timer_storm);
}

/* Stops */

enum wait_kind { WAIT_FD, WAIT_SLEEP, WAIT_EVENT, WAIT_MBOX, WAIT_KINDS };
struct waiting {
	struct io *io;
	struct stop stop;
	enum wait_kind kind;
	enum rc rc;
};

static void wait_long(void *arg)
{
	struct waiting *w = arg;
	struct io_event ev = {0};
	struct arena *a = arena_new(65536, NULL);
	struct mbox *m = mbox_new(a, w->io, 4, 1, 0);
	int fds[2], letter;

	EXPECT(pipe(fds) == 0);
	switch (w->kind) {
	case WAIT_FD:
		w->rc = io_wait(w->io, &(struct pollfd){.fd = fds[0], .events = POLLIN}, 1, io_in(w->io, LONG), &w->stop);
		break;
	case WAIT_SLEEP:
		w->rc = io_sleep(w->io, LONG, &w->stop);
		break;
	case WAIT_EVENT:
		w->rc = io_event_wait(w->io, &ev, IO_FOREVER, &w->stop);
		break;
	case WAIT_MBOX:
		w->rc = mbox_take(m, &letter, io_in(w->io, LONG), &w->stop);
		break;
	case WAIT_KINDS:
		break;
	}
	io_forget(w->io, fds[0]);
	close(fds[0]);
	close(fds[1]);
	arena_free(a);
}

/* A tree of three levels; its root is set while every kind waits with a leaf. */
static void stop_all(struct io *io)
{
	struct stop root, middle;
	struct waiting w[WAIT_KINDS], late;
	struct task *t[WAIT_KINDS];

	stop_init(&root, io, NULL);
	stop_init(&middle, io, &root);
	for (int i = 0; i < WAIT_KINDS; i++) {
		w[i] = (struct waiting){.io = io, .kind = (enum wait_kind)i, .rc = RC_INTERNAL};
		stop_init(&w[i].stop, io, i % 2 ? &middle : &root);
		t[i] = io_go(io, "wait", wait_long, &w[i]);
	}
	io_sleep(io, 20 * IO_MS, NULL);
	for (int i = 0; i < WAIT_KINDS; i++)
		EXPECT_EQ(w[i].rc, RC_INTERNAL);
	stop_set(&root, STOP_CANCEL);
	stop_set(&root, STOP_SHUTDOWN);
	for (int i = 0; i < WAIT_KINDS; i++) {
		io_join(t[i]);
		EXPECT_RC(RC_STOPPED, w[i].rc);
		EXPECT_EQ(stop_why(&w[i].stop), STOP_CANCEL);
		/* Sticky: the next wait ends before it begins. */
		wait_long(&w[i]);
		EXPECT_RC(RC_STOPPED, w[i].rc);
		stop_release(&w[i].stop);
	}
	/* Born set. */
	late = (struct waiting){.io = io, .kind = WAIT_SLEEP};
	stop_init(&late.stop, io, &middle);
	wait_long(&late);
	EXPECT_RC(RC_STOPPED, late.rc);
	stop_release(&late.stop);
	stop_release(&middle);
	stop_release(&root);
	EXPECT_EQ(stop_why(NULL), STOP_NO);
}

static void a_stop_ends_every_wait(void **state UNUSED)
{
	run_task(stop_all);
}

/* Setting a child leaves its parent and siblings alone; release in any order keeps the tree whole. */
static void stop_child(struct io *io)
{
	struct stop root, c[5];

	stop_init(&root, io, NULL);
	for (int i = 0; i < 5; i++)
		stop_init(&c[i], io, &root);
	stop_set(&c[2], STOP_FAILED);
	EXPECT_EQ(stop_why(&root), STOP_NO);
	EXPECT_EQ(stop_why(&c[1]), STOP_NO);
	stop_release(&c[4]);
	stop_release(&c[2]);
	stop_release(&c[0]);
	stop_set(&root, STOP_LOST);
	EXPECT_EQ(stop_why(&c[1]), STOP_LOST);
	EXPECT_EQ(stop_why(&c[3]), STOP_LOST);
	stop_release(&c[1]);
	stop_release(&c[3]);
	stop_release(&root);
}

static void stops_are_a_tree(void **state UNUSED)
{
	run_task(stop_child);
}

/* Events and boxes */

static void event_before(struct io *io)
{
	struct io_event ev = {0};

	io_event_set(io, &ev);
	io_event_set(io, &ev);
	EXPECT_RC(RC_OK, io_event_wait(io, &ev, IO_FOREVER, NULL));
	EXPECT_RC(RC_TIMEOUT, io_event_wait(io, &ev, io_in(io, 5 * IO_MS), NULL));
	EXPECT_RC(RC_TIMEOUT, io_event_wait(io, &ev, io_now(io) - 1, NULL));
}

static void an_event_set_before_is_not_lost(void **state UNUSED)
{
	run_task(event_before);
}

struct letters {
	struct io *io;
	struct mbox *m;
	int from;
};

static void send_ten(void *arg)
{
	struct letters *l = arg;

	for (int i = 0; i < 10; i++) {
		int letter = l->from * 100 + i;

		mbox_put(l->m, &letter);
		if (i == 5)
			io_sleep(l->io, 0, NULL);
	}
	mbox_put_last(l->m, &(int){l->from * 100 + 99});
}

static void letters_arrive(struct io *io)
{
	struct arena *a = arena_new(65536, NULL);
	struct mbox *m = mbox_new(a, io, sizeof(int), 4, 3);
	struct letters l[3];
	struct task *t[3];
	int letter = 0, lasts = 0, plain = 0, before[3] = {-1, -1, -1};

	/* Full drops, and a last letter still has its place. */
	for (int i = 0; i < 4; i++)
		EXPECT(mbox_put(m, &i));
	EXPECT(!mbox_put(m, &letter));
	for (int i = 0; i < 4; i++) {
		EXPECT_RC(RC_OK, mbox_take(m, &letter, IO_FOREVER, NULL));
		EXPECT_EQ(letter, i);
	}
	EXPECT_RC(RC_TIMEOUT, mbox_take(m, &letter, io_in(io, IO_MS), NULL));
	for (int i = 0; i < 3; i++) {
		l[i] = (struct letters){io, m, i};
		t[i] = io_go(io, "sender", send_ten, &l[i]);
	}
	while (lasts < 3) {
		EXPECT_RC(RC_OK, mbox_take(m, &letter, io_in(io, LONG), NULL));
		EXPECT(letter % 100 > before[letter / 100]);
		before[letter / 100] = letter % 100;
		lasts += letter % 100 == 99;
		plain += letter % 100 != 99;
	}
	EXPECT(plain >= 4 && plain <= 30);
	for (int i = 0; i < 3; i++)
		io_join(t[i]);
	arena_free(a);
}

static void a_full_box_keeps_last_letters(void **state UNUSED)
{
	run_task(letters_arrive);
}

/* Descriptors */

struct echo {
	struct io *io;
	int fd, n;
};

static void echo_task(void *arg)
{
	struct echo *e = arg;
	char c;

	for (int i = 0; i < e->n; i++) {
		EXPECT_RC(RC_OK, io_wait(e->io, &(struct pollfd){.fd = e->fd, .events = POLLIN}, 1, io_in(e->io, LONG), NULL));
		EXPECT_EQ(read(e->fd, &c, 1), 1);
		EXPECT_EQ(write(e->fd, &c, 1), 1);
	}
}

static void ping_pong(struct io *io)
{
	int fds[2];
	struct echo e = {.io = io, .n = 200};
	struct pollfd p[2];
	struct task *t;

	EXPECT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
	e.fd = fds[1];
	t = io_go(io, "echo", echo_task, &e);
	for (int i = 0; i < 200; i++) {
		char c = (char)i;

		EXPECT_EQ(write(fds[0], &c, 1), 1);
		p[0] = (struct pollfd){.fd = fds[0], .events = POLLIN, .revents = 77};
		p[1] = (struct pollfd){.fd = -1, .events = POLLIN};
		EXPECT_RC(RC_OK, io_wait(io, p, 2, io_in(io, LONG), NULL));
		EXPECT_EQ(p[0].revents, POLLIN);
		EXPECT_EQ(read(fds[0], &c, 1), 1);
		EXPECT_EQ(c, (char)i);
	}
	io_join(t);
	/* Writable at once; silent for reading; then the peer goes. */
	EXPECT_RC(RC_OK, io_wait(io, &(struct pollfd){.fd = fds[0], .events = POLLOUT}, 1, io_in(io, LONG), NULL));
	p[0] = (struct pollfd){.fd = fds[0], .events = POLLIN};
	EXPECT_RC(RC_TIMEOUT, io_wait(io, p, 1, io_in(io, 10 * IO_MS), NULL));
	EXPECT_EQ(p[0].revents, 0);
	io_forget(io, fds[1]);
	close(fds[1]);
	p[0] = (struct pollfd){.fd = fds[0], .events = POLLIN | POLLRDHUP};
	EXPECT_RC(RC_OK, io_wait(io, p, 1, io_in(io, LONG), NULL));
	EXPECT(p[0].revents & (POLLHUP | POLLRDHUP));
	io_forget(io, fds[0]);
	close(fds[0]);
}

static void descriptors_wake(void **state UNUSED)
{
	run_task(ping_pong);
}

/* A number that was closed and came back is another descriptor. */
static void number_again(struct io *io)
{
	for (int i = 0; i < 20; i++) {
		int fds[2];

		EXPECT(pipe(fds) == 0);
		EXPECT_RC(RC_TIMEOUT, io_wait(io, &(struct pollfd){.fd = fds[0], .events = POLLIN}, 1, io_in(io, 0), NULL));
		EXPECT_EQ(write(fds[1], "x", 1), 1);
		EXPECT_RC(RC_OK, io_wait(io, &(struct pollfd){.fd = fds[0], .events = POLLIN}, 1, io_in(io, LONG), NULL));
		io_forget(io, fds[0]);
		close(fds[0]);
		close(fds[1]);
	}
}

static void a_number_may_come_back(void **state UNUSED)
{
	run_task(number_again);
}

struct seen {
	struct io *io;
	struct io_watch w;
	struct io_event ev;
	short got;
	int calls;
};

static void on_watch(void *ctx, short revents)
{
	struct seen *s = ctx;

	s->got |= revents;
	s->calls++;
	if (revents & POLLRDHUP)
		io_watch_off(s->io, &s->w);
	io_event_set(s->io, &s->ev);
}

/* A watch for the peer's leaving beside a task that waits to write: the way a reply looks at its client. */
static void watch_and_wait(struct io *io)
{
	struct seen s = {.io = io};
	int fds[2];

	EXPECT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
	io_watch_set(io, &s.w, fds[0], POLLRDHUP, on_watch, &s);
	EXPECT_RC(RC_OK, io_wait(io, &(struct pollfd){.fd = fds[0], .events = POLLOUT}, 1, io_in(io, LONG), NULL));
	EXPECT_EQ(write(fds[1], "x", 1), 1);
	EXPECT_RC(RC_OK, io_wait(io, &(struct pollfd){.fd = fds[0], .events = POLLIN}, 1, io_in(io, LONG), NULL));
	EXPECT_EQ(s.calls, 0);
	shutdown(fds[1], SHUT_WR);
	EXPECT_RC(RC_OK, io_event_wait(io, &s.ev, io_in(io, LONG), NULL));
	EXPECT(s.got & POLLRDHUP);
	io_sleep(io, 10 * IO_MS, NULL);
	EXPECT_EQ(s.calls, 1);
	io_forget(io, fds[0]);
	close(fds[0]);
	close(fds[1]);
}

static void a_watch_beside_a_wait(void **state UNUSED)
{
	run_task(watch_and_wait);
}

/* Two fire in one turn; the first to be told closes the other, whose number comes back at once as something silent. */
struct twin {
	struct io *io;
	struct io_watch w[2], fresh;
	int fds[2][2], spare[2], calls, wrong;
	struct io_event ev;
};

static void on_wrong(void *ctx, short revents UNUSED)
{
	struct twin *t = ctx;

	t->wrong++;
}

static void on_twin(struct twin *t, int me)
{
	int other = t->fds[!me][0];
	char c;

	t->calls++;
	EXPECT_EQ(read(t->fds[me][0], &c, 1), 1);
	io_forget(t->io, other);
	EXPECT_EQ(dup2(t->spare[0], other), other);
	io_watch_set(t->io, &t->fresh, other, POLLIN, on_wrong, t);
	io_event_set(t->io, &t->ev);
}

static void on_first(void *ctx, short revents UNUSED)
{
	on_twin(ctx, 0);
}

static void on_second(void *ctx, short revents UNUSED)
{
	on_twin(ctx, 1);
}

static void twins(struct io *io)
{
	struct twin t = {.io = io};

	EXPECT(pipe(t.fds[0]) == 0 && pipe(t.fds[1]) == 0 && pipe(t.spare) == 0);
	EXPECT(write(t.fds[0][1], "x", 1) == 1 && write(t.fds[1][1], "x", 1) == 1);
	io_watch_set(io, &t.w[0], t.fds[0][0], POLLIN, on_first, &t);
	io_watch_set(io, &t.w[1], t.fds[1][0], POLLIN, on_second, &t);
	EXPECT_RC(RC_OK, io_event_wait(io, &t.ev, io_in(io, LONG), NULL));
	io_sleep(io, 5 * IO_MS, NULL);
	EXPECT_EQ(t.calls, 1);
	EXPECT_EQ(t.wrong, 0);
	io_watch_off(io, &t.fresh);
	io_watch_off(io, &t.w[0]);
	io_watch_off(io, &t.w[1]);
	for (int i = 0; i < 2; i++) {
		io_forget(io, t.fds[i][0]);
		close(t.fds[i][0]);
		close(t.fds[i][1]);
		close(t.spare[i]);
	}
}

static void an_event_of_an_earlier_owner(void **state UNUSED)
{
	run_task(twins);
}

/* The hook */

struct hooked {
	struct io *io;
	int calls;
	struct stop *stop;
};

static void on_park(void *ctx)
{
	struct hooked *h = ctx;

	h->calls++;
	if (h->stop)
		stop_set(h->stop, STOP_CLIENT_LEFT);
}

static void nothing(void *arg UNUSED)
{
}

static void hook_each(struct io *io)
{
	struct hooked h = {.io = io};
	struct io_event ev = {0};
	struct stop s;

	stop_init(&s, io, NULL);
	io_before_park(io, on_park, &h);
	io_sleep(io, 50 * IO_MS, NULL);
	EXPECT_EQ(h.calls, 1);
	io_sleep(io, 0, NULL);
	EXPECT_EQ(h.calls, 2);
	io_event_wait(io, &ev, io_in(io, 50 * IO_MS), NULL);
	EXPECT_EQ(h.calls, 3);
	io_offload(io, nothing, NULL);
	EXPECT(h.calls >= 4);
	h.calls = 0;
	/* What does not park calls nothing. */
	io_event_set(io, &ev);
	io_event_wait(io, &ev, IO_FOREVER, NULL);
	EXPECT_EQ(h.calls, 0);
	/* The hook finds out that the client left: the wait it precedes ends. */
	h.stop = &s;
	EXPECT_RC(RC_STOPPED, io_sleep(io, LONG, &s));
	io_before_park(io, NULL, NULL);
	h.calls = 0;
	io_sleep(io, 50 * IO_MS, NULL);
	EXPECT_EQ(h.calls, 0);
	stop_release(&s);
}

static void the_hook_runs_before_each_park(void **state UNUSED)
{
	run_task(hook_each);
}

/* Other threads */

struct ticking {
	struct io *io;
	bool stop;
	_Atomic int ticks;
};

struct off {
	struct ticking *beside;
	pthread_t self;
	int result;
};

/* Until the loop went on. */
static void block_a_little(void *arg)
{
	struct off *o = arg;
	int seen = o->beside->ticks;

	for (int ms = 0; o->beside->ticks < seen + 2; ms++) {
		EXPECT(ms < 60000);
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
	o->self = pthread_self();
	o->result = 42;
}

static void tick(void *arg)
{
	struct ticking *t = arg;

	while (!t->stop) {
		t->ticks++;
		io_sleep(t->io, IO_MS, NULL);
	}
}

static void offload_parks(struct io *io)
{
	struct ticking k = {.io = io};
	struct task *t = io_go(io, "tick", tick, &k);
	struct off o[10];

	for (int i = 0; i < 10; i++) {
		o[i] = (struct off){.beside = &k};
		io_offload(io, block_a_little, &o[i]);
		EXPECT_EQ(o[i].result, 42);
		EXPECT(!pthread_equal(o[i].self, pthread_self()));
	}
	k.stop = true;
	io_join(t);
}

static void offload_does_not_hold_the_loop(void **state UNUSED)
{
	run_task(offload_parks);
}

#define POSTS 2000
struct posted {
	struct io *io;
	int n, next[4];
	struct io_event all;
};
struct one_post {
	struct posted *p;
	int thread, i;
};

static void on_post(void *arg)
{
	struct one_post *o = arg;

	/* In order, each thread's. */
	EXPECT_EQ(o->p->next[o->thread], o->i);
	o->p->next[o->thread]++;
	if (++o->p->n == 4 * POSTS)
		io_event_set(o->p->io, &o->p->all);
	free(o);
}

struct poster {
	struct posted *p;
	int thread;
};

static void *post_many(void *arg)
{
	struct poster *s = arg;

	for (int i = 0; i < POSTS; i++) {
		struct one_post *o = xalloc(sizeof(*o));

		*o = (struct one_post){s->p, s->thread, i};
		io_post(s->p->io, on_post, o);
	}
	return NULL;
}

static void posts_arrive(struct io *io)
{
	struct posted p = {.io = io};
	struct poster s[4];
	pthread_t t[4];

	for (int i = 0; i < 4; i++) {
		s[i] = (struct poster){&p, i};
		EXPECT_EQ(pthread_create(&t[i], NULL, post_many, &s[i]), 0);
	}
	EXPECT_RC(RC_OK, io_event_wait(io, &p.all, io_in(io, LONG), NULL));
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	EXPECT_EQ(p.n, 4 * POSTS);
}

static void posts_come_from_any_thread(void **state UNUSED)
{
	run_task(posts_arrive);
}

struct detached {
	struct io *io;
	struct io_event done;
};

static void told(void *arg)
{
	struct detached *d = arg;

	io_event_set(d->io, &d->done);
}

static void tell(void *arg)
{
	struct detached *d = arg;

	io_post(d->io, told, d);
}

static void detached_runs(struct io *io)
{
	struct detached d = {.io = io};

	io_offload_detached(io, tell, &d);
	EXPECT_RC(RC_OK, io_event_wait(io, &d.done, io_in(io, LONG), NULL));
}

static void detached_offload(void **state UNUSED)
{
	run_task(detached_runs);
}

#ifndef SEAM_THREAD
/* The loop reads its clock once a turn: a clock that counts says how often it turned. */
static int64_t turns;

static int64_t counting_mono(const struct env *v UNUSED)
{
	turns++;
	return env_mono_us(env_real());
}

static void idle_loop(struct io *io)
{
	struct seen s = {.io = io};
	int fds[2];

	/* A descriptor whose peer has gone, with nobody waiting any more: it must not keep the loop turning. */
	EXPECT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
	EXPECT_RC(RC_TIMEOUT, io_wait(io, &(struct pollfd){.fd = fds[0], .events = POLLIN}, 1, io_in(io, IO_MS), NULL));
	close(fds[1]);
	turns = 0;
	EXPECT_RC(RC_OK, io_sleep(io, 50 * IO_MS, NULL));
	EXPECT(turns < 10);
	/* Nor one that is readable while somebody waits for the other direction only. */
	io_forget(io, fds[0]);
	close(fds[0]);
	EXPECT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
	EXPECT_RC(RC_TIMEOUT, io_wait(io, &(struct pollfd){.fd = fds[0], .events = POLLIN}, 1, io_in(io, IO_MS), NULL));
	EXPECT_EQ(write(fds[1], "x", 1), 1);
	io_watch_set(io, &s.w, fds[0], POLLRDHUP, on_watch, &s);
	turns = 0;
	EXPECT_RC(RC_OK, io_sleep(io, 50 * IO_MS, NULL));
	EXPECT(turns < 10);
	io_watch_off(io, &s.w);
	/* Nor one that is writable, and was waited for in both directions before. */
	EXPECT(recv(fds[0], &(char){0}, 1, 0) == 1);
	EXPECT_RC(RC_OK, io_wait(io, &(struct pollfd){.fd = fds[0], .events = POLLIN | POLLOUT}, 1, io_in(io, LONG), NULL));
	turns = 0;
	EXPECT_RC(RC_TIMEOUT, io_wait(io, &(struct pollfd){.fd = fds[0], .events = POLLIN}, 1, io_in(io, 50 * IO_MS), NULL));
	EXPECT(turns < 10);
	io_forget(io, fds[0]);
	close(fds[0]);
	close(fds[1]);
}

static void an_idle_loop_does_not_turn(void **state UNUSED)
{
	struct env v = *env_real();

	v.mono_us = counting_mono;
	run_task_opts(&(struct io_opts){.env = &v}, idle_loop);
}

/* Promises that end the process when they are broken: each in a child. */

static void wait_in_a_callback(struct io *io)
{
	io_foreign_begin(io);
	io_sleep(io, IO_MS, NULL);
}

static void wait_twice_for_one(struct io *io)
{
	struct pollfd p[2] = {{.fd = 0, .events = POLLIN}, {.fd = 0, .events = POLLIN}};

	io_wait(io, p, 2, io_in(io, IO_MS), NULL);
}

static void leave_a_hook(struct io *io)
{
	io_before_park(io, on_park, io);
}

static void overflow(struct io *io UNUSED)
{
	/* Beyond 64 KiB, in steps that cannot jump the guard page. */
	printf("%d", dig(100000));
}

static void a_broken_promise_ends_the_process(void **state UNUSED)
{
	static void (*const rows[])(struct io *) = {wait_in_a_callback, wait_twice_for_one, leave_a_hook, overflow};

	for (size_t i = 0; i < countof(rows); i++) {
		int status = 0;
		pid_t pid = fork();

		if (pid == 0) {
			EXPECT(freopen("/dev/null", "w", stderr));
			run_task(rows[i]);
			_exit(0);
		}
		EXPECT(waitpid(pid, &status, 0) == pid);
		EXPECT(status != 0);
	}
}

static void spin(struct io *io)
{
	int64_t end = env_mono_us(env_real()) + 60 * IO_MS;

	/* Twice within a second: one line. */
	for (int i = 0; i < 2; i++) {
		while (env_mono_us(env_real()) < end)
			;
		io_sleep(io, 0, NULL);
		end += 60 * IO_MS;
	}
}

static void a_stall_is_told_with_its_task(void **state UNUSED)
{
	char line[2048];
	int fds[2];
	int64_t began = env_mono_us(env_real()), seconds, lines = 0;
	ssize_t n;
	struct slice s;

	EXPECT(pipe(fds) == 0);
	log_open(LOG_WARN, fds[1]);
	run_task(spin);
	log_open(LOG_WARN, 2);
	seconds = (env_mono_us(env_real()) - began) / IO_SECOND; /* more than none where the machine itself was held up */
	n = read(fds[0], line, sizeof(line));
	EXPECT(n > 0);
	s = (struct slice){line, (size_t)n};
	EXPECT(slice_find(s, S("task=test")) > 0);
	for (ssize_t i = 0; i < n; i++)
		lines += line[i] == '\n';
	EXPECT(lines >= 1 && lines <= 1 + seconds);
	close(fds[0]);
	close(fds[1]);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_tasks_run_and_are_joined),
		cmocka_unit_test(stacks_are_reused),
		cmocka_unit_test(errno_survives_a_wait),
		cmocka_unit_test(timers_fire_in_order),
		cmocka_unit_test(a_sleep_takes_its_time),
		cmocka_unit_test(many_timers),
		cmocka_unit_test(a_stop_ends_every_wait),
		cmocka_unit_test(stops_are_a_tree),
		cmocka_unit_test(an_event_set_before_is_not_lost),
		cmocka_unit_test(a_full_box_keeps_last_letters),
		cmocka_unit_test(descriptors_wake),
		cmocka_unit_test(a_number_may_come_back),
		cmocka_unit_test(a_watch_beside_a_wait),
		cmocka_unit_test(an_event_of_an_earlier_owner),
		cmocka_unit_test(the_hook_runs_before_each_park),
		cmocka_unit_test(offload_does_not_hold_the_loop),
		cmocka_unit_test(posts_come_from_any_thread),
		cmocka_unit_test(detached_offload),
#ifndef SEAM_THREAD
		cmocka_unit_test(an_idle_loop_does_not_turn),
		cmocka_unit_test(a_broken_promise_ends_the_process),
		cmocka_unit_test(a_stall_is_told_with_its_task),
#endif
	};

	return cmocka_run_group_tests_name("io", tests, NULL, NULL);
}
