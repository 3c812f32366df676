/* story: small plays for the engine, written as lines of text, so that a case can be read without knowing the code.
 *
 * A line is a verb and its words; what is written once gets a name, and later lines use the name:
 *
 *     worker Ann Available {"skills":["support"]}     queue Support [most=2] [LIFO] [reserved=Break] [assigned=Busy] : skills HAS 'support'
 *     workflow Main {"task_routing":{"default_filter":{"queue":"@Support"}}}     (@Name is the sid of Name)
 *     task T priority=5 channel=voice target=Ann timeout=60 start=-30 workflow=Main queue=Support {"attributes":1}
 *     accept T Ann · reject T Ann [activity] · wrap T Ann · complete T Ann · fail T Ann
 *     activity Ann Offline [rejecting] · attributes Ann {…} · capacity Ann chat 3 · availability Ann chat no
 *     transfer T Ann Bob [cold] (from Ann to Bob, or to a queue) · recall T
 *     instruct T Ann call CallTo=+1555 … · telephone yes (from here on somebody takes instructions that want a call)
 *     update T priority=7 {…} · cancel T · wrapup T · finish T · delete T
 *     rewrite Main [again] {…} · target Support : expression · order Support LIFO · most Support 2 · prefer LIFO
 *     single (from here on in a workspace of its own, where a worker has one task at a time) · multi, monotask (change that)
 *     optimize chat · channel fax · remove Ann · turn 10 (seconds) · reload
 *
 * and what must be true:
 *
 *     is T pending · because T Task TTL Exceeded · in T Support · offered T Ann Bob (open reservations, oldest first)
 *     handed T failed Transfer failed because … (its newest transfer) · held T Ann accepted Bob pending
 *     priority T 5 · at Ann Offline · used Ann chat 1 66 · members Support Ann Bob · gone T
 *     told task-queue.timeout task.canceled (all events since the last told, but for those of "deaf")
 *     asked {"to":"+1555"} (the parameters of the last instruction that was told)
 *     version Ann 3 · callbacks 1
 *     refused TEXT | line (the line is refused, and the message has TEXT; nothing changed)
 *     repeat 3 line
 *     undo line (as the line, but refused when it has been done)
 *
 * After each story the engine is compared with what a reload makes of the store. */
#pragma once
#include "base/arena.h"
#include "routing/internal.h"

struct story {
    struct arena   *arena;
    struct clock   *clock;
    struct store   *store;
    struct ledger  *ledger;
    struct routing *engine;
    struct map      sids;          /* name -> sid */
    const char     *workspace, *folder;
    struct text     told;
    const char     *title, *line;  /* what is played, for whoever must look for a mistake */
    int             callbacks;
    bool            telephone;     /* instructions are taken */
    const char     *asked;         /* by the last of them */
};

void  story_open(struct story *s);
void  story_close(struct story *s);  /* compares with a reload first */
void  story_play(struct story *s, const char *lines);
const char *story_sid(struct story *s, const char *name);
const char *story_memory(struct story *s); /* everything: rows and what is derived */
void  story_check(struct story *s);        /* what holds between commands: simulation/invariants.c */
fault_t story_line(struct story *s, const char *line); /* a verb that changes something */

/* --- for the two files of the story itself */
struct transfer *story_transfer(struct story *s, struct tx *tx, const char *task); /* its newest, or NULL */
struct words { const char *at[16]; size_t n; const char *tail; /* from '{' on, or behind ':' */ };
void    story_wrong(struct story *s, const char *fmt, ...) __attribute__((noreturn, format(printf, 2, 3)));
void    story_text(struct story *s, const char *got, const char *wanted);
void    story_number(struct story *s, int64_t got, int64_t wanted);
void    story_must(struct story *s, bool ok, const char *what);
const char *story_activity(struct story *s, const char *name);
const char *story_rest(struct story *s, const struct words *w, size_t from);
int64_t story_digits(const char *s);
bool    story_is_check(const char *word);
bool    story_look(struct story *s, struct tx *tx, const struct words *w); /* false: it is not a check */
