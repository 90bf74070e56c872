/* SPDX-License-Identifier: MIT */
/*
 * Start-up: who called us, and with what. A web server says so by a listening socket on descriptor 0 (FastCGI) or by CGI's variables; then the command
 * line is not read at all, for with CGI a browser can write it ("GET /chatkit.fcgi?migrate"). Otherwise it is a person's.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/crypto.h"
#include "fcgi/cgi.h"
#include "fcgi/edge.h"

#define VERSION "0.1.0"
#define USAGE                                                                                         \
	"usage: chatkit.fcgi [-c FILE] check      print the configuration it would run with\n"       \
	"       chatkit.fcgi [-c FILE] migrate    bring the database's schema up to date\n"          \
	"       chatkit.fcgi --version | --help\n"                                                   \
	"Without a command it is started by a web server; to try it by hand:\n"                      \
	"       spawn-fcgi -n -s /tmp/chatkit.sock -- chatkit.fcgi\n"

enum starter { STARTER_FASTCGI, STARTER_CGI, STARTER_PERSON };

static enum starter who_started(void)
{
	int listening = 0;
	socklen_t size = sizeof(listening);

	if (getsockopt(STDIN_FILENO, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 && listening)
		return STARTER_FASTCGI;
	return getenv("GATEWAY_INTERFACE") || getenv("REQUEST_METHOD") ? STARTER_CGI : STARTER_PERSON;
}

/* A secret leaves by a core dump or a debugger as well as by any hole; and a stream needs two descriptors, of which 1024 is the habit. */
static void harden(void)
{
	struct rlimit limit;

	prctl(PR_SET_DUMPABLE, 0);
	setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* The environment, copied: what the configuration and a CGI request are read from. */

static char **environ_copy(void)
{
	size_t n = 0;
	char **copy;

	while (environ[n])
		n++;
	copy = xalloc((n + 1) * sizeof(*copy));
	for (size_t i = 0; i < n; i++) {
		copy[i] = strdup(environ[i]);
		if (!copy[i])
			out_of_memory();
	}
	return copy;
}

static void environ_free(char **copy)
{
	for (size_t i = 0; copy[i]; i++)
		free(copy[i]);
	free(copy);
}

/* By its name. PGPASSWORD stays: libpq reads it whenever it connects; and a header X-Api-Key is the request's. */
static bool is_secret(struct slice name)
{
	static const struct slice ends[] = {S_INIT("KEY"),	S_INIT("SECRET"),	S_INIT("SECRET_OLD"),
					    S_INIT("TOKEN"),	S_INIT("PASSWORD"),	S_INIT("DATABASE_URL")};

	if (slice_starts(name, S("HTTP_")) || slice_starts(name, S("PG")))
		return false;
	for (size_t i = 0; i < countof(ends); i++)
		if (slice_ends(name, ends[i]))
			return true;
	return false;
}

/* In place: /proc/PID/environ shows the process's first environment whatever unsetenv does. */
static void wipe_secrets(char **vars)
{
	for (; *vars; vars++) {
		struct slice name, value = slice_cut(slice_cstr(*vars), '=', &name);

		if (is_secret(name))
			wipe(*vars + name.n + 1, value.n);
	}
}

static void open_log(const struct conf *conf)
{
	int fd = STDERR_FILENO;

	if (conf->log_file.n) {
		fd = open(arena_cstr(conf->arena, conf->log_file), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
		if (fd < 0) {
			fd = STDERR_FILENO;
			fprintf(stderr, "chatkit.fcgi: cannot open the log file: %s\n", strerror(errno));
		}
	}
	log_open(conf->log_level, fd);
}

/* What works, but probably not as meant: said once a start, not once a CGI request. */
static void log_warnings(const struct conf *conf)
{
	struct slice rest = conf->warnings, line;

	while (rest.n) {
		rest = slice_cut(rest, '\n', &line);
		if (line.n)
			log_line(LOG_WARN, NULL, "%.*s", SLICE_ARG(line));
	}
}

static enum rc load(const char *file, char **vars, bool cgi, struct conf **conf, struct err *e)
{
	struct buf problems = BUF_INIT(64 * 1024);
	char exe[2048];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	struct conf_from from = {.file = file, .environ = vars, .exe = n > 0 ? exe : NULL, .cgi = cgi};

	exe[n > 0 ? n : 0] = '\0';
	if (conf_load(&from, conf, &problems, e) != RC_OK)
		fprintf(stderr, "chatkit.fcgi: the configuration is wrong\n%.*s", SLICE_ARG(buf_slice(&problems)));
	buf_release(&problems);
	return e->rc;
}

/* Commands */

struct migration {
	struct io *io;
	const struct conf *conf;
	struct err *e;
};

static void migrate_main(void *arg)
{
	struct migration *m = arg;

	if (app_migrate(m->io, m->conf, m->e) != RC_OK)
		fprintf(stderr, "chatkit.fcgi: %s\n", m->e->msg);
	io_quit(m->io);
}

static enum rc migrate(const struct conf *conf, struct err *e)
{
	struct migration m = {.io = io_new(&(struct io_opts){0}, e), .conf = conf, .e = e};

	if (!m.io)
		return e->rc;
	io_spawn(m.io, "migrate", migrate_main, &m);
	io_run(m.io);
	io_free(m.io);
	return e->rc;
}

static enum rc check(const struct conf *conf, struct err *e)
{
	struct buf text = BUF_INIT(1024 * 1024);

	conf_print(conf, &text);
	printf("%.*s", SLICE_ARG(buf_slice(&text)));
	buf_release(&text);
	return e->rc;
}

static int help(void)
{
	struct buf text = BUF_INIT(1024 * 1024);

	conf_help(&text);
	printf(USAGE "\n%.*s", SLICE_ARG(buf_slice(&text)));
	buf_release(&text);
	return 0;
}

static const struct command {
	const char *name;
	enum rc (*run)(const struct conf *conf, struct err *e);
} commands[] = {
	{"check", check},
	{"migrate", migrate},
};

static const struct command *command_of(const char *name)
{
	for (size_t i = 0; name && i < countof(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static int run_command(int argc, char **argv, char **vars)
{
	const char *file = NULL;
	const struct command *command;
	struct conf *conf;
	struct err e = ERR_INIT;

	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return puts("chatkit.fcgi " VERSION) < 0;
	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return help();
	if (argc > 2 && strcmp(argv[1], "-c") == 0) {
		file = argv[2];
		argv += 2;
		argc -= 2;
	}
	command = command_of(argv[1]);
	if (argc != 2 || !command) {
		fputs(USAGE, stderr);
		return 2;
	}
	if (load(file, vars, false, &conf, &e) != RC_OK)
		return 1;
	open_log(conf);
	wipe_secrets(environ);
	command->run(conf, &e);
	conf_free(conf);
	return e.rc != RC_OK;
}

static int run_server(enum starter starter, char **vars)
{
	struct conf *conf;
	struct err e = ERR_INIT;

	if (load(NULL, vars, starter == STARTER_CGI, &conf, &e) != RC_OK)
		return 1;
	open_log(conf);
	if (starter != STARTER_CGI)
		log_warnings(conf);
	wipe_secrets(environ);
	wipe_secrets(vars);
	if ((starter == STARTER_CGI ? cgi_serve(vars, conf, &e) : edge_serve(STDIN_FILENO, conf, &e)) != RC_OK)
		log_err(NULL, "start", &e);
	conf_free(conf);
	return e.rc != RC_OK;
}

int main(int argc, char **argv)
{
	enum starter starter = who_started();
	char **vars = environ_copy();
	int status;

	harden();
	edge_block_signals();
	status = starter == STARTER_PERSON ? run_command(argc, argv, vars) : run_server(starter, vars);
	environ_free(vars);
	return status;
}
