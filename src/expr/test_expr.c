/* The language, as a table that a person can read: expression, dialect, answer.  Worker and task are below. */
#include "expr/expr.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char worker_json[] = "{\"skills\":[\"support\",\"sales\"],\"level\":3,\"lang\":\"en\",\"vip\":true,"
                                  "\"o\":{\"a\":[\"x\",\"y\"]},\"score\":2.5,\"age\":\"42\",\"none\":null,\"empty\":[],"
                                  "\"mixed\":[1,\"2\",null,[3],true],\"big\":9007199254740993,\"in\":1,\"$x_1\":1,"
                                  "\"sid\":\"an attribute\",\"city\":\"K\xc3\xb6ln\",\"it\":\"it's\"}";
static const char task_json[] = "{\"type\":\"support\",\"preferred_agents\":[\"WKalice\"],\"rejected\":\"WKalice\","
                                "\"language\":\"en\",\"min\":2,\"agent_sid\":\"WKbob\"}";

static void known_facts(const struct expr_scope *scope, enum expr_fact fact, const char *of, struct expr_value *out)
{
    assert_string_equal(scope->subject, "subject");
    switch (fact) {
    case EXPR_WORKER_SID:
        *out = expr_value_string("WKalice");
        break;
    case EXPR_WORKER_FRIENDLY_NAME:
        *out = expr_value_string("Alice");
        break;
    case EXPR_WORKER_ACTIVITY_SID:
        *out = expr_value_string("WA00000000000000000000000000000001");
        break;
    case EXPR_WORKER_ACTIVITY_NAME:
        *out = expr_value_string("On Break");
        break;
    case EXPR_CHANNEL_CONFIGURED_CAPACITY:
        if (strcmp(of, "voice") == 0)
            *out = expr_value_int(2);
        break;
    case EXPR_CHANNEL_ASSIGNED_TASKS:
        *out = expr_value_int(1);
        break;
    case EXPR_CHANNEL_AVAILABLE_PERCENTAGE:
        *out = expr_value_int(50);
        break;
    case EXPR_WORKERS_AVAILABLE:
        *out = expr_value_int(0);
        break;
    case EXPR_WORKERS_UNAVAILABLE:
        *out = expr_value_int(4);
        break;
    case EXPR_WORKERS_ACTIVITY:
        if (strcmp(of, "WA00000000000000000000000000000001") == 0)
            *out = expr_value_int(7);
        break;
    case EXPR_ITEM_FIELD:
        if (strcmp(of, "activity_name") == 0)
            *out = expr_value_string("On Break");
        else if (strcmp(of, "priority") == 0)
            *out = expr_value_int(10);
        else if (strcmp(of, "queue_sids") == 0)
            *out = expr_value_json(json_object_get(scope->worker, "skills"));
        break;
    default:
        fail_msg("time is not asked of the scope");
    }
}

/* Thursday, 2026-01-01 08:05:30 UTC */
static const int64_t new_year = INT64_C(1767254730000);

enum { F = false, T = true };
struct row {
    const char *source;
    int expected;
    enum expr_dialect dialect; /* EXPR_QUEUE when left out */
};

/* clang-format off */
static const struct row rows[] = {
    /* the reference's vectors */
    { "1==1", T },
    { "skills HAS \"support\"", T },
    { "skills HAS 'SUPPORT'", F },
    { "\"sales\" IN skills", T },
    { "'x' <- o.a", T },
    { "skills >- 'sales'", T },
    { "level HAS \"support\"", F },
    { "skills == \"support\"", F },
    { "skills != \"support\"", F },
    { "lang IN [\"en\",\"es\"]", T },
    { "lang NOT IN [\"fr\"]", T },
    { "lang NOT IN missing", F },
    { "lang IN missing", F },
    { "missing == null", T },
    { "missing != null", F },
    { "lang != null", T },
    { "missing > 1", F },
    { "missing != 5", T },
    { "o.a[1] == 'y'", T },
    { "o.a[9] == null", T },
    { "level >= 3.0", T },
    { "level = 3", T },
    { "level == \"3\"", T },
    { "vip == true", T },
    { "vip == 'true'", F },
    { "vip == 1", F },
    { "lang CONTAINS \"e\"", T },
    { "(lang == \"fr\" OR lang == \"en\") AND level > 2", T },

    /* the documentation's examples */
    { "0 != 1", T },
    { "\"apple\" != \"orange\"", T },
    { "(skills HAS 'support') AND (lang == 'english')", F },
    { "(lang == \"en\" OR lang == \"fr\") AND level >= 5.1", F },
    { "type == 'support'", T, EXPR_FILTER },
    { "worker.id IN task.preferred_agents", F, EXPR_TARGET },
    { "worker.sid IN task.preferred_agents", T, EXPR_TARGET },
    { "preferred_agents != null", T, EXPR_FILTER }, /* a list that is there */
    { "preferred_agents == null", F, EXPR_FILTER },
    { "null != preferred_agents", T, EXPR_FILTER },
    { "workers.available == 0", T, EXPR_SKIP },
    { "activity_name in ['Idle','On Break']", T, EXPR_WORKER_LIST },
    { "activity_name contains 'Break'", T, EXPR_WORKER_LIST },

    /* 1. what is not there is null */
    { "o.b.c == null", T },
    { "lang.x == null", T },       /* through a string */
    { "skills.x == null", T },     /* a name in a list */
    { "o[0] == null", T },         /* an index in an object */
    { "level[0] == null", T },
    { "skills[2] == null", T },
    { "skills[99999999999] == null", T },
    { "none == null", T },

    /* 2. scalar operators with a list or an object are false */
    { "skills == skills", F },
    { "o != 1", F },
    { "o == null", F },
    { "o != null", T },
    { "skills > 1", F },
    { "skills CONTAINS 'support'", F },
    { "['a'] == ['a']", F },
    { "skills != missing", F },    /* a path is not the word null */

    /* 3. list operators with two scalars are false, NOT IN too */
    { "lang HAS 'en'", F },
    { "lang IN 'en'", F },
    { "worker.sid NOT IN task.nobody", F, EXPR_TARGET },
    { "worker.sid NOT IN task.rejected", F, EXPR_TARGET },
    { "'a' IN o", F },
    { "o HAS 'a'", F },
    { "'z' NOT IN o", F },

    /* 4. membership */
    { "skills HAS skills", F },
    { "['a'] IN [['a']]", F },
    { "null IN mixed", T },
    { "null IN skills", F },
    { "missing NOT IN skills", T },
    { "'x' IN []", F }, { "[] HAS 'x'", F }, { "'x' NOT IN []", T },
    { "'x' IN empty", F }, { "'x' NOT IN empty", T },
    { "2 IN mixed", T }, { "'1' IN mixed", T }, { "3 IN mixed", F }, { "true IN mixed", T }, { "'true' IN mixed", F },
    { "level IN [1, 2, level]", T },   /* paths may stand in a list */
    { "level IN [1, [3]]", F },
    { "['en', 'fr'] HAS lang", T },
    { "lang not in ['en']", F },
    { "NOT lang IN ['en']", F },

    /* 5. CONTAINS */
    { "'hello' CONTAINS 'ell'", T },
    { "'hello' CONTAINS 'ELL'", F },
    { "'hello' CONTAINS ''", T },
    { "'' CONTAINS 'a'", F },
    { "1234 CONTAINS 23", T },
    { "score CONTAINS '.5'", T },
    { "vip CONTAINS 'ru'", T },
    { "missing CONTAINS 'x'", F }, { "'x' CONTAINS missing", F }, { "null CONTAINS null", F },
    { "city CONTAINS 'ö'", T },

    /* 6. equality */
    { "'a' == 'A'", F },
    { "1 == 1.0", T }, { "1.00 = 1", T },
    { "null == null", T }, { "null == 0", F }, { "null == ''", F }, { "null == false", F }, { "null <> 0", T },
    { "true == true", T }, { "TRUE == true", T }, { "true != false", T }, { "true == 'true'", F }, { "true == 1", F },
    { "big == 9007199254740993", T },
    { "big == 9007199254740992", F },
    { "big == 9007199254740992.0", F },    /* exact where a double is not */
    { "big > 9007199254740992.0", T },
    { "9223372036854775807 < 9223372036854775808", T },
    { "-9223372036854775808 > -9223372036854775809", F }, /* the same double */
    { "0 > -99999999999999999999", T }, { "-99999999999999999999.5 < level", T },
    { "city == 'Köln'", T },

    /* 7. order */
    { "1 < 2", T }, { "2 <= 2", T }, { "2 < 2", F }, { "3 > 2.5", T }, { "-1 > -2", T }, { "-0.5 < 0", T }, { "0 > -0.5", T },
    { "'a' < 'b'", T }, { "'a' < 'ab'", T }, { "'Z' < 'a'", T }, { "'10' < '9'", T }, { "'z' < 'ö'", T },
    { "null < 1", F }, { "null >= null", F }, { "1 > null", F },
    { "true > false", F }, { "true >= true", F },

    /* 8. a number meets a string */
    { "age > 41.5", T }, { "41 < age", T }, { "age == 42", T }, { "42.0 == age", T }, { "age != 42", F },
    { "'42x' == 42", F }, { "'42x' != 42", T }, { "'42x' > 1", F }, { "'' == 0", F }, { "' 1' == 1", F },
    { "'-1.50' == -1.5", T }, { "'-' == 0", F }, { "'1.' == 1", F }, { "'.5' == 0.5", F }, { "'1e2' == 100", F },
    { "'0800' == 800", T },

    /* 9. nonsense does not match */
    { "missing > missing", F },
    { "o HAS o", F },

    /* precedence, NOT, keywords in any case, spelling */
    { "1==1 OR 1==1 AND 1==2", T },
    { "(1==1 OR 1==1) AND 1==2", F },
    { "1==2 and 1==1 or 1==1", T },
    { "NOT 1==2 AND 1==1", T },
    { "NOT (1==1 AND 1==2)", T },
    { "not level > 5", T },
    { "lang == 'en' aNd SKILLS == null", T },  /* attribute names keep their case */
    { "o.in == null", T }, { "$x_1 == 1", T },  { "_ == null", T },
    { "0800 == 800", T },
    { " \t\r\n level\n>\t2 ", T },
    { "level>2AND level<4", T },
    { "'it\\'s' == \"it's\"", T }, { "it == 'it\\'s'", T },
    { "\"a\\\"b\" == 'a\"b'", T }, { "'a\\\\b' CONTAINS '\\\\'", T }, { "'a\\nb' == 'a\\\\nb'", T },
    { "[5] >-5", T },   /* the operator >- and a 5 */
    { "((((level == 3))))", T },
    { "o . a [ 0 ] == 'x'", T },
    { "o.and == null AND o.null == null", T },

    /* built-ins win over attributes of the same name */
    { "sid == 'WKalice'", T },
    { "sid == 'an attribute'", F },
    { "sid.x == null", T },
    { "friendly_name == 'Alice'", T, EXPR_WORKER_LIST },
    { "activity_sid == 'WA00000000000000000000000000000001'", T },
    { "worker.activity_name == 'On Break'", T, EXPR_TARGET },
    { "worker.channel.voice.configured_capacity == 2", T, EXPR_TARGET },
    { "worker.channel.voice.available_capacity_percentage >= 50", T, EXPR_TARGET },
    { "worker.channel.voice.assigned_tasks < 1", F, EXPR_TARGET },
    { "worker.channel.fax.configured_capacity == null", T, EXPR_TARGET },
    { "worker.channel.voice.colour == null", T, EXPR_TARGET },
    { "worker.channel.voice.assigned_tasks.x == null", T, EXPR_TARGET },
    { "worker.channel[0].assigned_tasks == null", T, EXPR_TARGET },
    { "channel.voice.configured_capacity == null", T, EXPR_QUEUE }, /* a target's name, not a queue's */
    { "sid == null", T, EXPR_TASK_LIST },                         /* tasks have no built-ins */

    /* queries: fields of the item, its attributes, more spellings, and lists that compare by their members */
    { "data.activity_name == \"On Break\"", T, EXPR_QUERY },
    { "data.activity_name EQ \"On Break\" && data.priority eq \"10\"", T, EXPR_QUERY },
    { "data.activity_name NOT_EQ \"On Break\" || data.missing != \"x\"", T, EXPR_QUERY },
    { "data.activity_name not_in [\"Offline\", \"On Break\"]", F, EXPR_QUERY },
    { "data.missing NOT_IN [\"Offline\"]", T, EXPR_QUERY },
    { "data.missing IN [\"Offline\"]", F, EXPR_QUERY },
    { "data.activity_name contains \"Bre\"", T, EXPR_QUERY },
    { "data.queue_sids IN [\"sales\", \"other\"]", T, EXPR_QUERY },
    { "data.queue_sids NOT_IN [\"sales\", \"other\"]", F, EXPR_QUERY },
    { "data.queue_sids == \"sales\" AND data.queue_sids != \"other\"", T, EXPR_QUERY },
    { "data.queue_sids != \"sales\"", F, EXPR_QUERY },
    { "data.queue_sids CONTAINS \"supp\"", T, EXPR_QUERY },
    { "(data.attributes.lang CONTAINS \"e\")", T, EXPR_QUERY },
    { "data.attributes.skills CONTAINS \"sale\"", T, EXPR_QUERY },
    { "data.attributes.o.a IN [\"y\"]", T, EXPR_QUERY },
    { "data.attributes.o IN [\"y\"]", F, EXPR_QUERY },
    { "data.attributes.missing == null AND data.attributes.skills != null", T, EXPR_QUERY },
    { "data.activity_name.more == null", T, EXPR_QUERY },
    { "skills HAS 'support' AND level > 2 AND activity_name == 'On Break'", T, EXPR_QUERY }, /* a queue's own expression */
    { "NOT data.activity_name == \"On Break\"", F, EXPR_QUERY },
    { "", T, EXPR_QUERY },
    { "eq == 1 OR not_in IN [1]", F },                            /* elsewhere these are names */
    { "task.language IN [worker.lang]", T, EXPR_TARGET },
    { "worker.level > task.min", T, EXPR_TARGET },
    { "workers.unavailable > 3 AND workers.WA00000000000000000000000000000001 == 7", T, EXPR_SKIP },
    { "workers.WA00000000000000000000000000000002 == null", T, EXPR_SKIP },
    { "1==1", T, EXPR_SKIP },

    /* time: Thursday, 08:05 UTC */
    { "taskrouter.currentTime == 805", T, EXPR_FILTER },
    { "taskrouter.currentTime >= 0800 AND taskrouter.currentTime < 1730", T, EXPR_TARGET },
    { "taskrouter.currentHour > 8", F, EXPR_FILTER }, { "taskrouter.currentHour >= 8", T, EXPR_FILTER },
    { "taskrouter.currentHour == '08'", T, EXPR_FILTER },
    { "taskrouter.currentMin = 5", T, EXPR_FILTER }, { "taskrouter.currentMin == '05'", T, EXPR_FILTER },
    { "taskrouter.dayOfWeek IN ['Mon','Tue','THU']", T, EXPR_FILTER },
    { "taskrouter.dayOfWeek == 'thu'", T, EXPR_TARGET }, { "taskrouter.dayOfWeek != 'THU'", F, EXPR_TARGET },
    { "taskrouter.dayOfWeek IN ['Sat','Sun']", F, EXPR_FILTER },
    { "taskrouter.currentTime == null", T, EXPR_QUEUE },     /* an attribute that is not there */
    { "taskrouter == null", T, EXPR_FILTER },

    /* blank */
    { "", F, EXPR_QUEUE }, { "  \n", F, EXPR_QUEUE }, { NULL, F, EXPR_QUEUE },
    { "", T, EXPR_FILTER }, { NULL, T, EXPR_TARGET }, { "", F, EXPR_SKIP }, { "", T, EXPR_WORKER_LIST }, { " ", T, EXPR_TASK_LIST },
};

static const struct { const char *source, *message; int column; enum expr_dialect dialect; } refused[] = {
    { "skill-level > 3", "extraneous input 'evel' expecting OPERATOR", 8 },
    { "skill-level", "mismatched input 'evel' expecting OPERATOR", 8 },
    { "skills HAS", "mismatched input '<EOF>' expecting VALUE", 11 },
    { "level >", "mismatched input '<EOF>' expecting VALUE", 8 },
    { "lang", "mismatched input '<EOF>' expecting OPERATOR", 5 },
    { "'literal'", "mismatched input '<EOF>' expecting OPERATOR", 10 },
    { "true", "mismatched input '<EOF>' expecting OPERATOR", 5 },
    { "> 3", "extraneous input '>' expecting VALUE", 1 },
    { "level > > 3", "extraneous input '>' expecting VALUE", 9 },
    { "level 3", "mismatched input '3' expecting OPERATOR", 7 },
    { "level > 3 4", "extraneous input '4' expecting <EOF>", 11 },
    { "level > 3 lang == 'en'", "mismatched input 'lang' expecting <EOF>", 11 },
    { "level == 1 == 1", "mismatched input '==' expecting <EOF>", 12 },
    { "(level > 3", "mismatched input '<EOF>' expecting ')'", 11 },
    { "level > 3)", "extraneous input ')' expecting <EOF>", 10 },
    { "()", "mismatched input ')' expecting VALUE", 2 },
    { "(level) > 3", "extraneous input ')' expecting OPERATOR", 7 },
    { "a == 1 AND", "mismatched input '<EOF>' expecting VALUE", 11 },
    { "AND a == 1", "extraneous input 'AND' expecting VALUE", 1 },
    { "NOT NOT a == 1", "extraneous input 'NOT' expecting VALUE", 5 },
    { "a NOT HAS 1", "extraneous input 'NOT' expecting OPERATOR", 3 },
    { "a IN [1,]", "mismatched input ']' expecting VALUE", 9 },
    { "a IN [,1]", "extraneous input ',' expecting VALUE", 7 },
    { "a IN [1 2]", "extraneous input '2' expecting ',' or ']'", 9 },
    { "a IN [1", "mismatched input '<EOF>' expecting ',' or ']'", 8 },
    { "a IN ('b')", "extraneous input '(' expecting VALUE", 6 },
    { "a. == 1", "mismatched input '==' expecting NAME", 4 },
    { "a.1 == 1", "mismatched input '1' expecting NAME", 3 },
    { "a[x] == 1", "mismatched input 'x' expecting INDEX", 3 },
    { "a[-1] == 1", "mismatched input '-1' expecting INDEX", 3 },
    { "a[1.5] == 1", "mismatched input '1.5' expecting INDEX", 3 },
    { "a[1 == 1", "mismatched input '==' expecting ']'", 5 },
    { "a[1", "mismatched input '<EOF>' expecting ']'", 4 },
    { "and == 1", "mismatched input 'and' expecting VALUE", 1 },
    { "a == 1 - 2", "extraneous input '2' expecting <EOF>", 10 },
    { "a - == 1", "token recognition error at: '-'", 3 },
    { "a -b == 1", "token recognition error at: '-b'", 3 },
    { "a == 'x", "the string is not closed: 'x", 6 },
    { "a == 'x\\'", "the string is not closed: 'x\\'", 6 },
    { "a ! b", "token recognition error at: '!'", 3 },
    { "a == #", "token recognition error at: '#'", 6 },
    { "'ö' == ö", "token recognition error at: 'ö'", 8 }, /* columns count characters */
    { "a == '\xff'", "the expression is not UTF-8", 1 },
    { "a == 'this string is much longer than a message should ever be' b", "extraneous input 'b' expecting <EOF>", 65 },
    { "a 'this string is much longer than a message should ever be'",
      "mismatched input ''this string is much longer than a messa...' expecting OPERATOR", 3 },
    { "a 'a character is not cut in its middle: ööö'",
      "mismatched input ''a character is not cut in its middle: ...' expecting OPERATOR", 3 },
    { "skills HAS 'x'", "'skills' must begin with task., worker. or taskrouter.", 1, EXPR_TARGET },
    { "task == null", "'task' must begin with task., worker. or taskrouter.", 1, EXPR_TARGET },
    { "1 == 1 AND task[0] == 1", "'task' must begin with task., worker. or taskrouter.", 12, EXPR_TARGET },
    { "taskrouter.noon == 1", "'taskrouter.noon' does not exist", 1, EXPR_TARGET },
    { "a == taskrouter.noon", "'taskrouter.noon' does not exist", 6, EXPR_FILTER },
    { "available == 0", "'available' must begin with workers.", 1, EXPR_SKIP },
    { "workers.busy == 0", "'workers.busy' does not exist", 1, EXPR_SKIP },
    { "workers.WA12 == 0", "'workers.WA12' does not exist", 1, EXPR_SKIP },
    { "task.a == 0", "'task' must begin with workers.", 1, EXPR_SKIP },
};
/* clang-format on */

static json_t *object(const char *text)
{
    json_error_t why;
    json_t *v = json_loads(text, 0, &why);

    if (!v)
        fail_msg("%s", why.text);
    return v;
}

static void every_row_answers(void **state)
{
    json_t *worker = object(worker_json), *task = object(task_json);
    struct expr_scope scope = {
        .task = task, .worker = worker, .fact = known_facts, .subject = "subject", .now = new_year
    };
    struct arena *a = arena_new();
    int wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct expr_error err;
        const struct expr *e = expr_compile(a, rows[i].source, rows[i].dialect, &err);
        if (!e)
            print_error("%s: %s at %d\n", rows[i].source, err.message, err.column);
        else if (expr_eval(e, &scope) != rows[i].expected)
            print_error("%s: is not %d\n", rows[i].source, rows[i].expected);
        else
            continue;
        wrong++;
    }
    assert_int_equal(wrong, 0);
    arena_free(a);
    json_decref(worker);
    json_decref(task);
}

static void every_refusal_says_what_and_where(void **state)
{
    struct arena *a = arena_new();
    int wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct expr_error err;
        if (expr_compile(a, refused[i].source, refused[i].dialect, &err)) {
            print_error("%s: was accepted\n", refused[i].source);
        } else if (strcmp(err.message, refused[i].message) != 0 || err.column != refused[i].column) {
            print_error("%s: %s at %d\n", refused[i].source, err.message, err.column);
        } else
            continue;
        wrong++;
    }
    assert_int_equal(wrong, 0);
    arena_free(a);
}

static void a_scope_without_anything_is_all_null(void **state)
{
    struct arena *a = arena_new();
    struct expr_error err;

    (void)state;
    assert_true(expr_eval(expr_compile(a, "a.b == null AND sid == null", EXPR_QUEUE, &err), &(struct expr_scope){ 0 }));
    assert_int_equal(expr_value_string(NULL).kind, EXPR_NULL);
    assert_true(expr_eval(expr_compile(a, "workers.available == null", EXPR_SKIP, &err), &(struct expr_scope){ 0 }));
    arena_free(a);
}

/* --- limits --- */

static char *repeated(struct arena *a, const char *before, const char *what, int times, const char *after)
{
    struct text t = { .arena = a };

    text_put(&t, before);
    for (int i = 0; i < times; i++)
        text_put(&t, what);
    text_put(&t, after);
    return t.s;
}

static void nested(struct arena *a, int depth, const char *open, const char *middle, const char *close, bool fits)
{
    char *source = repeated(a, repeated(a, "", open, depth, middle), close, depth, "");
    struct expr_error err;

    if (fits)
        assert_non_null(expr_compile(a, source, EXPR_QUEUE, &err));
    else {
        assert_null(expr_compile(a, source, EXPR_QUEUE, &err));
        assert_string_equal(err.message, "the expression is nested more than 100 deep");
    }
}

static void limits_hold(void **state)
{
    struct arena *a = arena_new();
    struct expr_error err;

    (void)state;
    nested(a, 100, "(", "1==1", ")", true);
    nested(a, 101, "(", "1==1", ")", false);
    nested(a, 5000, "(", "1==1", ")", false);
    nested(a, 101, "(1==1 OR ", "1==1", ")", false);
    assert_non_null(expr_compile(a, repeated(a, "1 IN ", "[", 100, repeated(a, "", "]", 100, "")), EXPR_QUEUE, &err));
    assert_null(expr_compile(a, repeated(a, "1 IN ", "[", 101, repeated(a, "", "]", 101, "")), EXPR_QUEUE, &err));

    assert_non_null(expr_compile(a, repeated(a, "a IN [", "1,", 999, "1]"), EXPR_QUEUE, &err));
    assert_null(expr_compile(a, repeated(a, "a IN [", "1,", 1000, "1]"), EXPR_QUEUE, &err));
    assert_string_equal(err.message, "the list has more than 1000 members");

    /* 4 tokens a comparison with its OR, and 3 for the last */
    assert_non_null(expr_compile(a, repeated(a, "", "1=2OR ", 2499, "1=1"), EXPR_QUEUE, &err));
    assert_null(expr_compile(a, repeated(a, "", "1=2OR ", 2500, "1=1"), EXPR_QUEUE, &err));
    assert_string_equal(err.message, "the expression has more than 10000 tokens");

    assert_non_null(expr_compile(a, repeated(a, "a == '", "x", EXPR_SOURCE_MAX - 7, "'"), EXPR_QUEUE, &err));
    assert_null(expr_compile(a, repeated(a, "a == '", "x", EXPR_SOURCE_MAX - 6, "'"), EXPR_QUEUE, &err));
    assert_string_equal(err.message, "the expression is longer than 65536 bytes");

    assert_null(expr_compile(a, repeated(a, "a == ", "9", 400, ""), EXPR_QUEUE, &err));
    assert_string_equal(err.message, "the number '9999999999999999999999999999999999999999...' is too large");
    assert_int_equal(err.column, 6);
    arena_free(a);
}

/* Siblings do not add up to depth. */
static void depth_is_not_length(void **state)
{
    struct arena *a = arena_new();
    struct expr_error err;

    (void)state;
    assert_non_null(expr_compile(a, repeated(a, "", "(1==1) AND 1 IN [1] AND ", 200, "1==1"), EXPR_QUEUE, &err));
    arena_free(a);
}

/* --- what an owner may ask of an expression --- */

static void constants_are_known(void **state)
{
    struct arena *a = arena_new();
    struct expr_error err;

    (void)state;
    assert_true(expr_is_constant_true(expr_compile(a, "1==1", EXPR_QUEUE, &err)));
    assert_true(expr_is_constant_true(expr_compile(a, "'a' IN ['a', 'b'] AND NOT 1 == 2", EXPR_QUEUE, &err)));
    assert_true(expr_is_constant_true(expr_compile(a, "", EXPR_FILTER, &err)));
    assert_true(expr_is_constant_false(expr_compile(a, "", EXPR_QUEUE, &err)));
    assert_true(expr_is_constant_false(expr_compile(a, "1==2", EXPR_QUEUE, &err)));
    const struct expr *asks = expr_compile(a, "sid == 'x'", EXPR_QUEUE, &err);
    assert_false(expr_is_constant_true(asks) || expr_is_constant_false(asks));
    arena_free(a);
}

static void reads_are_known(void **state)
{
    struct arena *a = arena_new();
    struct expr_error err;
    const struct expr *e = expr_compile(a,
                                        "task.type == 'x' OR worker.sid IN [task.o.a[1].b, worker.routing.skills] "
                                        "OR taskrouter.currentHour > 8",
                                        EXPR_TARGET, &err);
    const struct expr_read *r = expr_paths(e);

    (void)state;
    assert_int_equal(expr_reads(e), EXPR_READS_TASK | EXPR_READS_WORKER | EXPR_READS_FACTS | EXPR_READS_TIME);
    assert_string_equal(r->path, "type");
    assert_int_equal(r->what, EXPR_READS_TASK);
    r = r->next;
    assert_string_equal(r->path, "o.a[1].b");
    assert_string_equal(r->first, "o");
    r = r->next;
    assert_string_equal(r->path, "routing.skills");
    assert_int_equal(r->what, EXPR_READS_WORKER);
    assert_null(r->next);

    e = expr_compile(a, "workers.available < 1", EXPR_SKIP, &err);
    assert_int_equal(expr_reads(e), EXPR_READS_WORKERS);
    assert_null(expr_paths(e));
    assert_int_equal(expr_reads(expr_compile(a, "1==1", EXPR_QUEUE, &err)), 0);
    arena_free(a);
}

static void references_name_one_attribute(void **state)
{
    struct arena *a = arena_new();
    json_t *task = object(task_json);
    struct expr_error err;
    const struct expr_reference *r = expr_reference_compile(a, "task.agent_sid", &err);
    struct expr_value v = expr_reference_get(r, task);

    (void)state;
    assert_int_equal(v.kind, EXPR_STRING);
    assert_string_equal(v.string.s, "WKbob");
    assert_int_equal(expr_reference_get(expr_reference_compile(a, "task.x.y", &err), task).kind, EXPR_NULL);
    assert_int_equal(expr_reference_get(r, NULL).kind, EXPR_NULL);

    assert_null(expr_reference_compile(a, "agent_sid", &err));
    assert_string_equal(err.message, "'agent_sid' must begin with task.");
    assert_null(expr_reference_compile(a, "worker.sid", &err));
    assert_null(expr_reference_compile(a, "task.a == 1", &err));
    assert_string_equal(err.message, "mismatched input '==' expecting <EOF>");
    assert_null(expr_reference_compile(a, "", &err));
    assert_null(expr_reference_compile(a, NULL, &err));
    assert_null(expr_reference_compile(a, "'task.a'", &err));
    arena_free(a);
    json_decref(task);
}

/* --- time --- */

static void days_and_hours_are_utc(void **state)
{
    static const struct {
        int64_t now;
        const char *source;
    } times[] = {
        { 0, "taskrouter.dayOfWeek == 'Thu' AND taskrouter.currentTime == 0 AND taskrouter.currentHour == '00'" },
        { -1, "taskrouter.dayOfWeek == 'Wed' AND taskrouter.currentTime == 2359" },
        { INT64_C(951782400000), "taskrouter.dayOfWeek == 'Tue'" }, /* 2000-02-29 */
        { INT64_C(1767571199999), "taskrouter.dayOfWeek == 'Sun' AND taskrouter.currentTime == 2359" },
        { INT64_C(1767571200000), "taskrouter.dayOfWeek == 'Mon' AND taskrouter.currentMin == 0" }, /* 2026-01-05 */
    };
    struct arena *a = arena_new();
    struct expr_error err;

    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        assert_true(expr_eval(expr_compile(a, times[i].source, EXPR_FILTER, &err),
                              &(struct expr_scope){ .now = times[i].now }));
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_answers),
        cmocka_unit_test(every_refusal_says_what_and_where),
        cmocka_unit_test(a_scope_without_anything_is_all_null),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(depth_is_not_length),
        cmocka_unit_test(constants_are_known),
        cmocka_unit_test(reads_are_known),
        cmocka_unit_test(references_name_one_attribute),
        cmocka_unit_test(days_and_hours_are_utc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
