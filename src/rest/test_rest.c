#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rest/toy.h"

#include "rest/internal.h"
#include <stdio.h>
#include <string.h>

void __wrap_http_reply(struct http_request *r, const struct http_answer *answer);
void __wrap_http_reply(struct http_request *r, const struct http_answer *answer)
{
    toy_reply(r, answer);
}

static struct toy *toy;
static struct arena *arena;
static const char *toys; /* "/toys/v1/Shelves/SH…/Toys" */

static int set_up(void **state)
{
    (void)state;
    arena = arena_new();
    toy = toy_start();
    struct toy_answer shelf = toy_ask(toy, arena, "POST", "/toys/v1/Shelves", "FriendlyName=First", NULL);
    assert_int_equal(shelf.status, 201);
    toys = arena_printf(arena, "/toys/v1/Shelves/%s/Toys", json_get_string(shelf.json, "sid"));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    toy_stop(toy);
    arena_free(arena);
    return 0;
}

static struct toy_answer ask(const char *method, const char *target, const char *body)
{
    return toy_ask(toy, arena, method, target, body, NULL);
}

static const char *member(const struct toy_answer *a, const char *key)
{
    return json_get_string(a->json, key);
}

static const char *instance(const struct toy_answer *a)
{
    return arena_printf(arena, "%s/%s", toys, member(a, "sid"));
}

static void expect_refusal(const char *body, int status, const char *words)
{
    struct toy_answer a = ask("POST", toys, body);

    if (a.status != status || !strstr(a.body, words))
        fail_msg("%s: %d %s", body, a.status, a.body);
}

static void every_type_is_bound_and_shown(void **state)
{
    (void)state;
    struct toy_answer a = ask(
        "POST", toys,
        "Title=Bear&UniqueName=bear&Attributes=%7B%22a%22%3A%201%7D&Settings.Url=https%3A%2F%2Fx.io%2Fa&Settings.Size=3"
        "&Tags=soft&Tags=brown&CallbackUrl=http%3A%2F%2Fx.io&Phone=%2B4930123&Colour=green&Loud=yes&Price=7"
        "&BestBefore=2026-01-02T03%3A04%3A05Z&Unknown=ignored&Copies=2");
    assert_int_equal(a.status, 201);
    assert_string_equal(member(&a, "title"), "Bear");
    assert_string_equal(member(&a, "attributes"), "{\"a\": 1}");
    assert_string_equal(json_get_string(json_object_get(a.json, "settings"), "url"), "https://x.io/a");
    assert_int_equal(json_integer_value(json_object_get(json_object_get(a.json, "settings"), "size")), 3);
    assert_int_equal(json_array_size(json_object_get(a.json, "tags")), 2);
    assert_string_equal(member(&a, "phone"), "+4930123");
    assert_string_equal(member(&a, "colour"), "green");
    assert_true(json_is_true(json_object_get(a.json, "loud")));
    assert_int_equal(json_integer_value(json_object_get(a.json, "price")), 7);
    assert_string_equal(member(&a, "best_before"), "2026-01-02T03:04:05Z");
    assert_string_equal(member(&a, "secret"), "only now, 2");
    assert_string_equal(member(&a, "shouted"), "Bear!");
    assert_string_equal(a.etag, "\"0\"");
    assert_string_equal(member(&a, "url"), arena_printf(arena, "http://127.0.0.1:80%s", instance(&a)));
    assert_non_null(json_get_string(json_object_get(a.json, "links"), "paint"));
    assert_null(json_object_get(a.json, "revision"));
}

static void absent_is_not_empty(void **state)
{
    (void)state;
    struct toy_answer a = ask("POST", toys, "Title=Plain");
    assert_int_equal(a.status, 201);
    assert_true(json_is_null(json_object_get(a.json, "price")));
    assert_true(json_is_null(json_object_get(a.json, "colour")));
    assert_true(json_is_null(json_object_get(a.json, "callback_url")));
    assert_true(json_is_null(json_object_get(a.json, "best_before")));
    assert_string_equal(member(&a, "attributes"), "{}");
    a = ask("POST", instance(&a), "Price=5&CallbackUrl=http%3A%2F%2Fx.io");
    assert_int_equal(json_integer_value(json_object_get(a.json, "price")), 5);
    a = ask("POST", instance(&a), "Price=&CallbackUrl=");
    assert_true(json_is_null(json_object_get(a.json, "price")));
    assert_true(json_is_null(json_object_get(a.json, "callback_url")));
    assert_string_equal(member(&a, "title"), "Plain");
}

static void rules_name_the_parameter(void **state)
{
    (void)state;
    expect_refusal("Price=1", 400, "Missing required parameter Title");
    expect_refusal("Title=", 400, "Title must not be empty");
    expect_refusal("Title=x", 400, "Title is shorter than 2");
    expect_refusal("Title=01234567890", 400, "Title is longer than 10");
    expect_refusal("Title=ok&Price=101", 400, "Price 101 is not between 0 and 100");
    expect_refusal("Title=ok&Price=1.5", 400, "Price '1.5' is not a whole number");
    expect_refusal("Title=ok&Colour=blue", 400, "Colour 'blue' is not one of");
    expect_refusal("Title=ok&Attributes=%5B%5D", 400, "Attributes is not a valid JSON object");
    expect_refusal("Title=ok&CallbackUrl=ftp%3A%2F%2Fx", 400, "CallbackUrl");
    expect_refusal("Title=ok&Phone=abc", 400, "Phone 'abc'");
    expect_refusal("Title=ok&BestBefore=soon", 400, "BestBefore 'soon'");
    expect_refusal("Title=ok&Settings.Size=10", 400, "Settings.Size 10");
    expect_refusal("Title=ok&OwnerSid=SH123", 400, "Value 'SH123' provided for OwnerSid has an invalid format");
    expect_refusal("Title=ok&OwnerSid=SH00000000000000000000000000000000", 400, "OwnerSid");
    expect_refusal("Title=ok&Copies=4", 400, "Copies 4");
    expect_refusal("Title=forbidden", 409, "may not be called so");
    struct toy_answer list = ask("GET", arena_printf(arena, "%s?Title=forbidden", toys), NULL);
    assert_int_equal(json_array_size(json_object_get(list.json, "toys")), 0);
}

static void an_alternate_key_stands_for_the_sid(void **state)
{
    (void)state;
    struct toy_answer made = ask("POST", toys, "Title=Ball&UniqueName=ball");
    struct toy_answer found = ask("GET", arena_printf(arena, "%s/ball", toys), NULL);
    assert_string_equal(member(&found, "sid"), member(&made, "sid"));
    assert_null(json_object_get(found.json, "secret"));
    expect_refusal("Title=Other&UniqueName=ball", 400, "already exists");
}

static void a_change_of_an_old_version_is_refused(void **state)
{
    (void)state;
    struct toy_answer made = ask("POST", toys, "Title=Car");
    struct toy_answer changed = toy_ask(toy, arena, "POST", instance(&made), "Price=1", "if-match: \"0\"");
    assert_int_equal(changed.status, 200);
    assert_string_equal(changed.etag, "\"1\"");
    assert_int_equal(toy_ask(toy, arena, "POST", instance(&made), "Price=2", "if-match: \"0\"").status, 412);
    assert_int_equal(toy_ask(toy, arena, "DELETE", instance(&made), NULL, "if-match: 0").status, 412);
    assert_string_equal(ask("POST", instance(&made), "Price=1").etag, "\"1\"");
    assert_int_equal(toy_ask(toy, arena, "DELETE", instance(&made), NULL, "if-match: 1").status, 204);
    assert_int_equal(ask("GET", instance(&made), NULL).status, 404);
}

static void an_action_has_parameters_of_its_own(void **state)
{
    (void)state;
    struct toy_answer made = ask("POST", toys, "Title=Kite");
    const char *where = arena_printf(arena, "%s/Paint", instance(&made));
    assert_int_equal(ask("POST", where, "x=1").status, 400);
    struct toy_answer painted = ask("POST", where, "Colour=red");
    assert_int_equal(painted.status, 200);
    assert_string_equal(member(&painted, "colour"), "red");
    assert_int_equal(ask("GET", where, NULL).status, 405);
}

static size_t count(const char *query)
{
    struct toy_answer a = ask("GET", arena_printf(arena, "%s?PageSize=1000&%s", toys, query), NULL);

    if (a.status != 200)
        fail_msg("%s: %s", query, a.body);
    return json_array_size(json_object_get(a.json, "toys"));
}

static void lists_are_filtered(void **state)
{
    (void)state;
    ask("POST", toys, "Title=Red1&Colour=red&Loud=true&Price=50&BestBefore=2030-01-01");
    ask("POST", toys, "Title=Red2&Colour=red&Price=51&BestBefore=2031-01-01");
    assert_int_equal(count("Title=rED1"), 1);
    assert_int_equal(count("Price=50"), 1);
    assert_int_equal(count("Colour=red,green&Price=51"), 1);
    assert_int_equal(count("BestBeforeAfter=2030-06-01"), 1);
    assert_int_equal(count("BestBefore%3E=2030-01-01"), 2);
    assert_int_equal(count("BestBefore%3C=2030-01-01T00%3A00%3A00Z&Price=50"), 1);
    assert_int_equal(count("Shouting=1&Price=50"), 1);
    assert_int_equal(count("Shouting=1&Price=51"), 0);
    assert_int_equal(ask("GET", arena_printf(arena, "%s?Colour=blue", toys), NULL).status, 400);
    assert_int_equal(ask("GET", arena_printf(arena, "%s?Ordering=Secret:asc", toys), NULL).status, 400);
    assert_int_equal(ask("GET", arena_printf(arena, "%s?PageSize=1001", toys), NULL).status, 400);
    assert_int_equal(ask("GET", arena_printf(arena, "%s?PageToken=PAx", toys), NULL).status, 400);
}

/* Walks all pages by the links that the server gives; the titles in the order of their coming. */
static const char *walk(const char *first, const char *link)
{
    struct text titles = { .arena = arena };
    const char *next = first;

    for (int i = 0; next && i < 20; i++) {
        struct toy_answer page = ask("GET", next, NULL);
        const json_t *rows = json_object_get(page.json, "toys"), *row;
        size_t n;
        assert_int_equal(page.status, 200);
        json_array_foreach(rows, n, row) text_putf(&titles, "%s ", json_get_string(row, "title"));
        next = json_get_string(json_object_get(page.json, "meta"), link);
        if (next)
            next = strstr(next, "/toys/");
    }
    return text_str(&titles);
}

static void pages_follow_an_order_while_rows_are_added(void **state)
{
    (void)state;
    struct toy_answer shelf = ask("POST", "/toys/v1/Shelves", "FriendlyName=Pages");
    const char *here = arena_printf(arena, "/toys/v1/Shelves/%s/Toys", member(&shelf, "sid"));
    for (int i = 0; i < 5; i++)
        ask("POST", here, arena_printf(arena, "Title=t%d&Price=%d", i, i % 2));
    assert_string_equal(walk(arena_printf(arena, "%s?PageSize=2", here), "next_page_url"), "t0 t1 t2 t3 t4 ");
    assert_string_equal(
        walk(arena_printf(arena, "%s?PageSize=2&Ordering=Price:desc,Title:desc", here), "next_page_url"),
        "t3 t1 t4 t2 t0 ");
    struct toy_answer first = ask("GET", arena_printf(arena, "%s?PageSize=2&Ordering=Price:asc", here), NULL);
    ask("POST", here, "Title=new&Price=0");
    const char *next = strstr(json_get_string(json_object_get(first.json, "meta"), "next_page_url"), "/toys/");
    assert_string_equal(walk(next, "next_page_url"), "t4 new t1 t3 ");
}

static void the_old_style_has_flat_pages(void **state)
{
    (void)state;
    struct toy_answer list = ask("GET", "/api/2010-04-01/Shelves.json?PageSize=1", NULL);
    assert_int_equal(list.status, 200);
    assert_int_equal(json_integer_value(json_object_get(list.json, "page_size")), 1);
    assert_non_null(strstr(member(&list, "first_page_uri"), "/2010-04-01/Shelves.json?"));
    const json_t *row = json_array_get(json_object_get(list.json, "shelves"), 0);
    assert_non_null(strstr(json_get_string(row, "uri"), ".json"));
    assert_string_equal(json_get_string(row, "date_created"), "Tue, 14 Nov 2023 22:13:20 +0000");
}

static void strangers_see_nothing(void **state)
{
    (void)state;
    struct toy_answer made = ask("POST", toys, "Title=Mine");
    const char *stranger = toy_stranger(toy);
    assert_int_equal(toy_ask_as(toy, arena, stranger, "GET", instance(&made), NULL, NULL).status, 404);
    assert_int_equal(toy_ask_as(toy, arena, stranger, "POST", instance(&made), "Price=1", NULL).status, 404);
    assert_int_equal(toy_ask_as(toy, arena, stranger, "DELETE", instance(&made), NULL, NULL).status, 404);
    assert_int_equal(toy_ask_as(toy, arena, stranger, "GET", toys, NULL, NULL).status, 404);
    assert_int_equal(toy_ask_as(toy, arena, NULL, "GET", toys, NULL, NULL).status, 401);
    assert_int_equal(toy_ask_as(toy, arena, "Basic bm9ib2R5Og==", "GET", toys, NULL, NULL).status, 401);
}

static void what_is_not_there_says_so(void **state)
{
    (void)state;
    assert_int_equal(ask("GET", "/toys/v1/Dreams", NULL).status, 501);
    assert_int_equal(ask("GET", "/toys/v1/Nothing", NULL).status, 404);
    assert_int_equal(ask("PATCH", toys, "x=1").status, 405);
    assert_int_equal(ask("POST", toys, "{\"Title\": \"Json\", \"Price\": 3}").status, 201);
    assert_int_equal(ask("POST", toys, "{\"Title\":").status, 400);
    struct toy_answer view = ask("GET", "/toys/v1/Weather", NULL);
    assert_string_equal(member(&view, "sky"), "blue");
    assert_int_equal(ask("GET", "/x.twilio.com/toys/v1/Weather", NULL).status, 200);
    assert_int_equal(ask("GET", "/.twilio.com/toys/v1/Weather", NULL).status, 200);
}

static void views_look_ahead_and_answer_questions(void **state)
{
    (void)state;
    struct toy_answer view = ask("GET", "/toys/v1/Weather/Monday", NULL);
    assert_string_equal(member(&view, "sky"), "seen from the ledger");
    assert_string_equal(member(&view, "url"), "http://127.0.0.1:80/toys/v1/Weather/Monday");
    assert_int_equal(ask("POST", "/toys/v1/Weather/Monday", "").status, 405);
    view = ask("POST", "/toys/v1/Weather", "{\"sky\": \"green\"}");
    assert_int_equal(view.status, 200);
    assert_string_equal(member(&view, "sky"), "green");
    assert_int_equal(toy_ask_as(toy, arena, NULL, "GET", "/toys/v1/Weather/Monday", NULL, NULL).status, 401);
}

static void what_is_only_listed_has_no_url(void **state)
{
    (void)state;
    struct toy_answer shelf = ask("POST", "/toys/v1/Shelves", "FriendlyName=Labels");
    const char *here = arena_printf(arena, "/toys/v1/Shelves/%s/Labels", member(&shelf, "sid"));
    ask("POST", arena_printf(arena, "/toys/v1/Shelves/%s/Toys", member(&shelf, "sid")), "Title=Bear");
    struct toy_answer list = ask("GET", here, NULL);
    assert_int_equal(list.status, 200);
    const json_t *label = json_array_get(json_object_get(list.json, "labels"), 0);
    assert_string_equal(json_get_string(label, "text"), "Bear");
    assert_int_equal(json_object_size(label), 1);
    assert_int_equal(ask("GET", arena_printf(arena, "%s?Ordering=Price", here), NULL).status, 400);
}

static struct toy_answer within(const struct principal *who, const char *method, const char *target, const char *body)
{
    return toy_inner(toy, arena, who, method, target, body);
}

static void requests_from_within_are_like_others(void **state)
{
    (void)state;
    struct principal own = toy_owner(toy);
    struct toy_answer made = within(&own, "POST", toys, "{\"Title\": \"Inner\", \"Price\": 3}");
    assert_int_equal(made.status, 201);
    assert_string_equal(made.etag, "\"0\"");
    assert_string_equal(member(&made, "url"), arena_printf(arena, "https://plug.board:8443%s", instance(&made)));
    assert_int_equal(within(&own, "POST", toys, "Price=3").status, 400);
    assert_int_equal(within(&own, "POST", toys, "{\"Title\":").status, 400);
    assert_int_equal(within(&own, "GET", arena_printf(arena, "%s?PageSize=1", toys), NULL).status, 200);
    assert_int_equal(within(&own, "GET", "/toys/v1/Weather/Monday", NULL).status, 200);
    assert_int_equal(within(&own, "PATCH", toys, "x=1").status, 405);
    assert_int_equal(within(&own, "GET", "/toys/v1/Dreams", NULL).status, 501);
    assert_int_equal(within(&own, "GET", "/toys/nothing", NULL).status, 404);
    assert_int_equal(within(&own, "GET", "/nowhere/v1/Shelves", NULL).status, 404);
    assert_int_equal(ask("GET", instance(&made), NULL).status, 200);
}

static void an_endpoint_cannot_tell_them_apart(void **state)
{
    (void)state;
    struct principal own = toy_owner(toy), nobody = { .by = BY_NOBODY };
    struct toy_answer a = within(&own, "POST", "/toys/v1/Echo/a%20b?q=1%2B1", "{\"word\": \"hi\"}");
    assert_int_equal(a.status, 200);
    assert_string_equal(a.etag, "\"echo\"");
    assert_string_equal(member(&a, "url"), "https://plug.board:8443/toys/v1/Echo/a%20b");
    assert_string_equal(member(&a, "name"), "a b");
    assert_string_equal(member(&a, "word"), "hi");
    assert_string_equal(member(&a, "asked"), "1+1");
    assert_string_equal(member(&a, "colour"), "green");
    assert_string_equal(member(&a, "account_sid"), own.account_sid);
    assert_true(json_is_true(json_object_get(a.json, "inner")));
    a = within(&own, "POST", "/toys/v1/Echo/x?word=query", NULL);
    assert_string_equal(member(&a, "word"), "query");
    assert_int_equal(within(&nobody, "POST", "/toys/v1/Echo/x", NULL).status, 401);
    assert_int_equal(within(&own, "POST", "/toys/v1/Session", NULL).status, 401);
    assert_int_equal(within(&nobody, "GET", "/toys/v1/Here", NULL).status, 200);
    a = ask("POST", "/toys/v1/Echo/x", "word=outer");
    assert_string_equal(member(&a, "word"), "outer");
    assert_true(json_is_false(json_object_get(a.json, "inner")));
}

static void a_vouched_token_may_no_more_than_by_http(void **state)
{
    (void)state;
    struct principal token = toy_owner(toy), own = token;
    token.by = BY_TOKEN;
    token.identity = "ada";
    assert_int_equal(within(&token, "GET", toys, NULL).status, 403);
    assert_int_equal(within(&token, "POST", "/cds/v3/Things", NULL).status, 403);
    token.sync_service_sid = "default";
    assert_int_equal(within(&token, "GET", toys, NULL).status, 403);
    assert_int_equal(within(&token, "POST", "/cds/v3/Things", NULL).status, 200);
    assert_int_equal(within(&own, "POST", "/cds/v3/Things", NULL).status, 403);
    token.expires = 1000; /* it has been kept too long */
    assert_int_equal(within(&token, "POST", "/cds/v3/Things", NULL).status, 401);
    token.expires = NO_VALUE;
    token.credential_sid = "SK00000000000000000000000000000000"; /* whose key is gone */
    assert_int_equal(within(&token, "POST", "/cds/v3/Things", NULL).status, 401);
}

static void the_header_of_the_browser_sdks_is_understood(void **state)
{
    (void)state;
    struct toy_answer a =
        toy_ask_as(toy, arena, NULL, "POST", "/cds/v3/Things", "x=1", "x-twilio-token: not.a.token\n");
    assert_int_equal(a.status, 401);
    assert_int_equal(json_integer_value(json_object_get(a.json, "code")), 20101);
}

static void addresses_follow_the_way_in(void **state)
{
    static const struct {
        const char *origin, *prefix;
    } cases[] = {
        { "http://127.0.0.1:8080", "http://127.0.0.1:8080/cds" },
        { "https://plug.board", "https://plug.board/cds" },
        { "http://plug.board/x.twilio.com", "http://plug.board/x.twilio.com/cds" },
        { "https://toys.us1.plug.board:8443", "https://cds.us1.plug.board:8443" },
    };
    struct rest r = { .labels = (const char *[]){ "toys", "cds" }, .nlabels = 2 };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_string_equal(rest_prefix(&r, arena, cases[i].origin, "cds"), cases[i].prefix);
}

static void bad_descriptions_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct field change;
    } cases[] = {
        { "REQUIRED but not ON_CREATE", { .flags = REQUIRED } },
        { "initial value", { .flags = REQUIRED | ON_CREATE, .initial = "x" } },
        { "COMPUTED and cannot", { .flags = COMPUTED | ON_CREATE } },
        { "is no time", { .flags = RANGE } },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct row {
            const char *sid, *account_sid, *x;
        };
        struct field fields[] = {
            FIELD(row, sid, SID, .flags = KEY, .prefix = "XX"),
            FIELD(row, account_sid, SID, .flags = OWNER, .prefix = "AC"),
            FIELD(row, x, STR, .flags = cases[i].change.flags, .initial = cases[i].change.initial),
        };
        struct kind kind = { .name = "bad", .size = sizeof(struct row), .fields = ROWS(fields) };
        struct resource r = {
            .product = "toys", .name = "Bad", .path = "/v1/Bad", .many = "bad", .verbs = LIST, .kind = &kind
        };
        const char *why = resource_check(arena, &r);
        assert_non_null(why);
        assert_non_null(strstr(why, cases[i].name));
    }
}

static void the_description_is_json(void **state)
{
    (void)state;
    const char *why = NULL, *text = rest_describe(arena, toy_modules(), &why);
    assert_non_null(text);
    json_t *d = json_parse_object(arena, text, strlen(text), &why);
    assert_non_null(d);
    const json_t *paths = json_object_get(d, "paths");
    assert_non_null(json_object_get(paths, "/toys/v1/Shelves/{ShelfSid}/Toys/{Sid}/Paint"));
    assert_non_null(json_object_get(paths, "/api/2010-04-01/Shelves.json"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_is_bound_and_shown),
        cmocka_unit_test(absent_is_not_empty),
        cmocka_unit_test(rules_name_the_parameter),
        cmocka_unit_test(an_alternate_key_stands_for_the_sid),
        cmocka_unit_test(a_change_of_an_old_version_is_refused),
        cmocka_unit_test(an_action_has_parameters_of_its_own),
        cmocka_unit_test(lists_are_filtered),
        cmocka_unit_test(pages_follow_an_order_while_rows_are_added),
        cmocka_unit_test(the_old_style_has_flat_pages),
        cmocka_unit_test(strangers_see_nothing),
        cmocka_unit_test(what_is_not_there_says_so),
        cmocka_unit_test(views_look_ahead_and_answer_questions),
        cmocka_unit_test(what_is_only_listed_has_no_url),
        cmocka_unit_test(requests_from_within_are_like_others),
        cmocka_unit_test(an_endpoint_cannot_tell_them_apart),
        cmocka_unit_test(a_vouched_token_may_no_more_than_by_http),
        cmocka_unit_test(the_header_of_the_browser_sdks_is_understood),
        cmocka_unit_test(addresses_follow_the_way_in),
        cmocka_unit_test(bad_descriptions_are_found),
        cmocka_unit_test(the_description_is_json),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
