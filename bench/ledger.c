/* bench_ledger [folder] [seconds]: durable commands a second.
 *
 * A command is what creating a task costs: a resident row of about 600 bytes, two events of about 200, and a change of
 * a resident worker.  One thread keeps N commands in flight; a command is done when the ledger has answered.  In the
 * same run, on the same disk: how often it can fdatasync() a 4 KiB block, and the same command as a transaction of its
 * own. */
#include "ledger/ledger.h"
#include "base/log.h"
#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { WORKERS = 1000, MOST = 1024 };

struct worker {
    const char *sid, *account_sid, *workspace_sid, *friendly_name, *attributes, *activity_sid;
    int64_t date_created, date_updated, version;
};
struct task {
    const char *sid, *account_sid, *workspace_sid, *workflow_sid, *queue_sid, *attributes;
    unsigned status;
    int64_t priority, timeout, date_created, date_updated, version;
};

static const char *const statuses[] = { "pending", "done", NULL };

static const struct field worker_fields[] = {
    FIELD(worker, sid, SID, .flags = KEY, .prefix = "WK"),
    FIELD(worker, account_sid, SID, .flags = OWNER),
    FIELD(worker, workspace_sid, SID, .flags = PARENT),
    FIELD(worker, friendly_name, STR, .flags = UNIQUE | NOCASE),
    FIELD(worker, attributes, JSON),
    FIELD(worker, activity_sid, SID),
    FIELD(worker, date_created, TIME, .flags = BORN),
    FIELD(worker, date_updated, TIME, .flags = BORN | TOUCHED),
    FIELD(worker, version, INT, .flags = REVISION),
};
static const struct field task_fields[] = {
    FIELD(task, sid, SID, .flags = KEY, .prefix = "WT"),
    FIELD(task, account_sid, SID, .flags = OWNER),
    FIELD(task, workspace_sid, SID, .flags = PARENT),
    FIELD(task, workflow_sid, SID),
    FIELD(task, queue_sid, SID),
    FIELD(task, attributes, JSON),
    FIELD(task, status, ENUM, .names = statuses),
    FIELD(task, priority, INT),
    FIELD(task, timeout, INT),
    FIELD(task, date_created, TIME, .flags = BORN),
    FIELD(task, date_updated, TIME, .flags = BORN | TOUCHED),
    FIELD(task, version, INT, .flags = REVISION),
};
static const struct kind worker_kind = {
    .name = "worker", .size = sizeof(struct worker), .fields = ROWS(worker_fields), .resident = true
};
static const struct kind task_kind = {
    .name = "task", .size = sizeof(struct task), .fields = ROWS(task_fields), .resident = true
};

static const char account[] = "AC0123456789abcdef0123456789abcdef", workspace[] = "WS0123456789abcdef0123456789abcdef",
                  workflow[] = "WW0123456789abcdef0123456789abcdef", queue[] = "WQ0123456789abcdef0123456789abcdef",
                  activity[] = "WA0123456789abcdef0123456789abcdef";

struct bench {
    struct ledger *ledger;
    const char *workers[WORKERS], *attributes, *data;
    struct mailbox *done;
    unsigned next;
};

struct client {
    struct command command;
    struct bench *bench;
    struct mail mail;
    int64_t sent, took;
};

/* --- the command */

static void tell(struct tx *tx, struct bench *b, enum event_type type, const char *resource, const char *sid)
{
    event_tell(tx, &(struct event){ .type = type,
                                    .account_sid = account,
                                    .scope_sid = workspace,
                                    .resource_type = resource,
                                    .resource_sid = sid,
                                    .data = b->data });
}

static void change(struct tx *tx, struct bench *b)
{
    struct task *t = row_new(tx, &task_kind, NULL);

    row_set(tx, t, &t->account_sid, account);
    row_set(tx, t, &t->workspace_sid, workspace);
    row_set(tx, t, &t->workflow_sid, workflow);
    row_set(tx, t, &t->queue_sid, queue);
    row_set(tx, t, &t->attributes, b->attributes);
    t->priority = 1;
    tell(tx, b, EV_TASK_CREATED, "task", t->sid);
    struct worker *w = row_find(tx, &worker_kind, b->workers[b->next++ * 7919u % WORKERS]);
    row_edit(tx, w);
    w->date_updated = tx->now + b->next; /* differs, even within a millisecond */
    tell(tx, b, EV_RESERVATION_CREATED, "worker", w->sid);
}

static fault_t run(struct tx *tx, struct command *c)
{
    change(tx, ((struct client *)c)->bench);
    return NULL;
}

static void done(struct command *c, fault_t f)
{
    struct client *x = (struct client *)c;

    assert(!f);
    x->took = monotonic_ns() - x->sent;
    mailbox_send(x->bench->done, &x->mail);
}

static void send(struct client *x)
{
    arena_reset(x->command.arena);
    x->sent = monotonic_ns();
    bool sent = ledger_send(x->bench->ledger, &x->command);
    assert(sent);
    (void)sent;
}

static fault_t prepare(struct tx *tx, void *arg)
{
    struct bench *b = arg;

    for (int i = 0; i < WORKERS; i++) {
        struct worker *w = row_new(tx, &worker_kind, NULL);
        row_set(tx, w, &w->account_sid, account);
        row_set(tx, w, &w->workspace_sid, workspace);
        row_set(tx, w, &w->friendly_name, arena_printf(tx->arena, "worker %d", i));
        row_set(tx, w, &w->attributes, b->attributes);
        row_set(tx, w, &w->activity_sid, activity);
        b->workers[i] = w->sid;
    }
    return NULL;
}

/* --- measuring */

struct result {
    double rate, p50, p99, cpu;
};

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

static double cpu_us(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static struct result measure(struct bench *b, struct client *clients, int n, double seconds)
{
    size_t most = 4000000, count = 0;
    int64_t *took = malloc(most * sizeof *took), start = monotonic_ns(), end = start + (int64_t)(seconds * 1e9);
    int flying = 0;
    double cpu = cpu_us();

    for (; flying < n; flying++)
        send(&clients[flying]);
    while (flying)
        for (struct mail *m = mailbox_take(b->done, MOST, -1), *next; m; m = next) {
            next = m->next;
            struct client *x = CONTAINER_OF(m, struct client, mail);
            if (count < most)
                took[count++] = x->took;
            if (monotonic_ns() < end)
                send(x);
            else
                flying--;
        }
    double wall = (double)(monotonic_ns() - start) / 1e9;
    qsort(took, count, sizeof *took, by_size);
    struct result r = { (double)count / wall, (double)took[count / 2] / 1e6, (double)took[count * 99 / 100] / 1e6,
                        (cpu_us() - cpu) / (double)count };
    free(took);
    return r;
}

static double disk_rate(const char *folder, double seconds)
{
    char path[256], block[4096] = "x";

    snprintf(path, sizeof path, "%s/sync", folder);
    int fd = open(path, O_RDWR | O_CREAT, 0600), n = 0;
    if (fd < 0 || pwrite(fd, block, sizeof block, 0) < 0 || fsync(fd) < 0)
        abort();
    int64_t start = monotonic_ns(), end = start + (int64_t)(seconds * 1e9), now;
    do {
        block[0]++;
        if (pwrite(fd, block, sizeof block, 0) < 0 || fdatasync(fd) < 0)
            abort();
        n++;
    } while ((now = monotonic_ns()) < end);
    close(fd);
    unlink(path);
    return n / ((double)(now - start) / 1e9);
}

/* The same rows, a transaction a command, by hand: what it would be without the ledger. */
static struct result one_by_one(struct store *s, struct arena *a, struct bench *b, double seconds)
{
    const char *why = NULL;
    struct db *db = db_open(s, true, a, &why);
    struct sid_source sids = { .clock = clock_real() };
    int64_t start = monotonic_ns(), end = start + (int64_t)(seconds * 1e9), now;
    int n = 0;
    double cpu = cpu_us();

    assert(db);
    do {
        char sid[3][SID_SIZE];
        struct task t = { sid[0], account, workspace, workflow, queue, b->attributes, 0, 1, 0, start, start, 0 };
        struct worker w = { .sid = b->workers[n * 7919u % WORKERS] }, was = w;
        w.date_updated = monotonic_ns();
        for (int i = 0; i < 3; i++)
            sid_make(&sids, i ? "EV" : "WT", sid[i]);
        bool ok = db_begin(db) == DB_OK && record_insert(db, &task_kind, &t) == DB_OK;
        for (int i = 1; ok && i < 3; i++)
            ok = record_insert(db, &event_kind,
                               &(struct event){ .type = EV_TASK_CREATED,
                                                .sid = sid[i],
                                                .account_sid = account,
                                                .scope_sid = workspace,
                                                .resource_type = "task",
                                                .resource_sid = sid[0],
                                                .data = b->data }) == DB_OK;
        ok = ok && record_update(db, &worker_kind, &w, &was) == DB_OK && db_commit(db) == DB_OK;
        assert(ok);
        n++;
    } while ((now = monotonic_ns()) < end);
    double wall = (double)(now - start) / 1e9;
    db_close(db);
    return (struct result){ n / wall, wall * 1e3 / n, 0, (cpu_us() - cpu) / n };
}

static char *filler(struct arena *a, size_t n, const char *fmt)
{
    char *s = arena_printf(a, fmt, (int)(n - strlen(fmt) + 3), 0);

    return s;
}

int main(int argc, char **argv)
{
    _arena_ struct arena *a = arena_new();
    char folder[200];
    double seconds = argc > 2 ? atof(argv[2]) : 3;
    const char *why = NULL;
    static struct bench b;

    snprintf(folder, sizeof folder, "%s/bench_ledger.XXXXXX", argc > 1 ? argv[1] : "/var/tmp");
    if (!mkdtemp(folder))
        abort();
    log_setup(LOG_ERROR, false);
    b.attributes = filler(a, 420, "{\"customer\":\"%0*d\"}");
    b.data = filler(a, 90, "{\"reason\":\"%0*d\"}");
    struct store *s = store_open(a, folder, &why);
    assert(s);
    const struct kind *const kinds[] = { &worker_kind, &task_kind };
    b.ledger = ledger_new(a, &(struct ledger_config){ s, clock_real(), kinds, 2 }, &why);
    bool started = b.ledger && ledger_start(b.ledger, a, &why);
    assert(started);
    fault_t f = ledger_do(b.ledger, a, prepare, &b);
    assert(!f);
    (void)f, (void)started;
    b.done = mailbox_new(0);

    struct client *clients = calloc(MOST, sizeof *clients);
    for (int i = 0; i < MOST; i++)
        clients[i] = (struct client){ .command = { .arena = arena_new(), .run = run, .done = done }, .bench = &b };
    double disk = disk_rate(folder, seconds / 2);
    printf("%-34s %10s %9s %9s %9s %8s %8s\n", "", "a second", "p50 ms", "p99 ms", "CPU us", "x disk", "x single");
    printf("%-34s %10.0f\n", "fdatasync of 4 KiB", disk);
    struct result one = one_by_one(s, a, &b, seconds / 2);
    printf("%-34s %10.0f %9.2f %9s %9.1f %8.1f\n", "a transaction a command", one.rate, one.p50, "", one.cpu,
           one.rate / disk);
    const int in_flight[] = { 1, 64, 256, 1024 };
    for (int i = 0; i < 4; i++) {
        char name[40];
        struct result r = measure(&b, clients, in_flight[i], seconds);
        snprintf(name, sizeof name, "ledger, %d in flight", in_flight[i]);
        printf("%-34s %10.0f %9.2f %9.2f %9.1f %8.1f %8.1f\n", name, r.rate, r.p50, r.p99, r.cpu, r.rate / disk,
               r.rate / one.rate);
        fflush(stdout);
    }
    printf("%-34s %10.0f\n", "fdatasync of 4 KiB, once more", disk_rate(folder, seconds / 2));
    struct ledger_counters c = ledger_count(b.ledger);
    printf("%llu commands in %llu batches, %lld rows in memory (%lld bytes each)\n", (unsigned long long)c.commands,
           (unsigned long long)c.batches, (long long)c.resident_rows, (long long)(c.resident_bytes / c.resident_rows));
    ledger_stop(b.ledger);
    ledger_free(b.ledger);
    store_close(s);
    mailbox_free(b.done);
    for (int i = 0; i < MOST; i++)
        arena_free(clients[i].command.arena);
    free(clients);
    char command[300];
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    return system(command) != 0;
}
