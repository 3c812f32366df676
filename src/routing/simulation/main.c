/* simulate_routing: worlds, as many as it takes, in as many processes as there are cores. */
#include "routing/simulation/simulation.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORLD = 100 * 1000, JOBS_MOST = 64 };

struct request {
    uint64_t seed;
    int64_t commands, jobs, years, events;
    const char *folder;
};

static void usage(void)
{
    fputs("simulate_routing [--seed N] [--commands N] [--jobs N] [--years N] [--events 1]\n"
          "  Lives through N random commands, in worlds of 100,000 whose seeds follow each other, and judges the "
          "engine.\n"
          "  --years: one world a job that lives so long, however many commands that takes.\n"
          "  --events: says how often each event was seen.\n"
          "  A world that goes wrong prints the seed that shows it again.\n",
          stderr);
    exit(2);
}

static int64_t number_after(int argc, char **argv, int i)
{
    int64_t n = 0;

    if (i + 1 >= argc || !str_to_int(argv[i + 1], &n) || n < 0)
        usage();
    return n;
}

static struct request read_request(int argc, char **argv)
{
    struct request r = { .seed = (uint64_t)monotonic_ns() / 1000 % 1000000000 * 1000,
                         .commands = 10000000,
                         .jobs = sysconf(_SC_NPROCESSORS_ONLN) };

    for (int i = 1; i < argc; i += 2) {
        int64_t n = number_after(argc, argv, i);
        if (strcmp(argv[i], "--seed") == 0)
            r.seed = (uint64_t)n;
        else if (strcmp(argv[i], "--commands") == 0)
            r.commands = n;
        else if (strcmp(argv[i], "--jobs") == 0)
            r.jobs = n;
        else if (strcmp(argv[i], "--years") == 0)
            r.years = n;
        else if (strcmp(argv[i], "--events") == 0)
            r.events = n;
        else
            usage();
    }
    if (r.jobs < 1 || r.jobs > JOBS_MOST)
        usage();
    return r;
}

/* The worlds of one job: every jobs-th, so that a seed is the same world whatever the number of jobs. */
static void run_job(const struct request *r, int64_t job, struct simulated *sum)
{
    if (r->years) {
        simulate(&(struct simulation){ r->seed + (uint64_t)job, INT64_MAX, r->years * 365 * DAY, r->folder }, sum);
        return;
    }
    for (int64_t world = job; world * WORLD < r->commands; world += r->jobs) {
        int64_t left = r->commands - world * WORLD;
        simulate(&(struct simulation){ r->seed + (uint64_t)world, left < WORLD ? left : WORLD, 0, r->folder }, sum);
    }
}

static void add(struct simulated *sum, const struct simulated *x)
{
    sum->commands += x->commands;
    sum->refused += x->refused;
    sum->undone += x->undone;
    sum->alarms += x->alarms;
    sum->events += x->events;
    sum->offers += x->offers;
    sum->episodes += x->episodes;
    sum->crashes += x->crashes;
    sum->starts += x->starts;
    sum->lasted += x->lasted;
    for (int i = 0; i < EV_COUNT; i++)
        sum->told[i] += x->told[i];
    sum->digest ^= x->digest;
}

/* Whoever interrupts the parent wakes it from wait(), and it ends as if a world had gone wrong: nothing is left behind.
 */
static void interrupted(int sig)
{
    (void)sig;
}

static void on_interrupt(void (*handler)(int))
{
    struct sigaction a = { .sa_handler = handler };

    sigaction(SIGINT, &a, NULL);
    sigaction(SIGTERM, &a, NULL);
}

static pid_t start_job(const struct request *r, int64_t job, struct simulated *sum)
{
    pid_t pid = fork();

    if (pid < 0) {
        perror("simulate_routing");
        exit(2);
    }
    if (!pid) {
        on_interrupt(SIG_DFL);
        run_job(r, job, sum);
        _exit(0);
    }
    return pid;
}

/* Waits for whoever is next; when a world has gone wrong, the others need not go on. */
static bool end_job(pid_t *pids, const struct simulated *sums, int64_t jobs)
{
    int status;
    pid_t pid = wait(&status);

    for (int64_t i = 0; i < jobs; i++) {
        if (pids[i] != pid)
            continue;
        pids[i] = 0;
        if (WIFEXITED(status) && !WEXITSTATUS(status))
            return true;
        fprintf(stderr, "FAILED in the world of seed %llu, at command %lld; the last one:\n  %s\n",
                (unsigned long long)sums[i].seed, (long long)sums[i].at, sums[i].last);
    }
    return false;
}

/* Shared with the jobs, so that something is known of one that crashes. */
static struct simulated *shared_sums(void)
{
    void *at =
        mmap(NULL, JOBS_MOST * sizeof(struct simulated), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (at == MAP_FAILED)
        abort();
    return at;
}

int main(int argc, char **argv)
{
    struct request r = read_request(argc, argv);
    struct simulated sum = { 0 };
    struct simulated *sums = shared_sums();
    int64_t began = monotonic_ns();
    pid_t pids[JOBS_MOST];
    bool good = true;
    _arena_ struct arena *a = arena_new();

    on_interrupt(interrupted);
    r.folder = simulation_folder(a);
    printf("seed %llu, %lld jobs\n", (unsigned long long)r.seed, (long long)r.jobs);
    fflush(stdout);
    for (int64_t i = 0; i < r.jobs; i++)
        pids[i] = start_job(&r, i, &sums[i]);
    for (int64_t i = 0; i < r.jobs && good; i++)
        good = end_job(pids, sums, r.jobs);
    for (int64_t i = 0; i < r.jobs && !good; i++)
        if (pids[i])
            kill(pids[i], SIGKILL), waitpid(pids[i], NULL, 0);
    simulation_forget(r.folder);
    for (int64_t i = 0; i < r.jobs; i++)
        add(&sum, &sums[i]);
    if (good)
        printf("%lld commands (%lld refused, %lld of them undone on purpose), %lld alarms, %lld offers, %lld events\n"
               "%lld episodes, %lld lost batches, %lld new starts; %.1f days in ",
               (long long)sum.commands, (long long)sum.refused, (long long)sum.undone,
               (long long)(sum.alarms - sum.commands), (long long)sum.offers, (long long)sum.events,
               (long long)sum.episodes, (long long)sum.crashes, (long long)sum.starts, (double)sum.lasted / DAY);
    printf("%.1f s; digest %016llx\n", (double)(monotonic_ns() - began) / 1e9, (unsigned long long)sum.digest);
    for (int i = 0; i < EV_COUNT && r.events; i++)
        printf("%10lld %s\n", (long long)sum.told[i], event_name(i));
    return good ? 0 : 1;
}
