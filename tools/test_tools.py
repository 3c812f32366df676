"""The tools' own tests: python3 -m unittest discover -s tools."""
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import drift
import layers
import ratchet
import unit_counts


class Layers(unittest.TestCase):
    def broken(self, **files):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                path = pathlib.Path(folder, name.replace('__', '/').replace('_h', '.h').replace('_c', '.c'))
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            return list(layers.broken(pathlib.Path(folder)))

    def test_down_is_allowed_up_and_sideways_are_not(self):
        self.assertIsNone(layers.own('net/http.c', 'base/arena.h'))
        self.assertIsNone(layers.own('rest/rest.c', 'auth/auth.h'))
        self.assertIn('may not look at', layers.own('auth/auth.c', 'rest/rest.h'))
        self.assertIn('may not look at', layers.own('net/http.c', 'store/store.h'))
        self.assertIn('may not look at', layers.own('base/arena.c', 'modules.h'))

    def test_products_do_not_know_each_other(self):
        self.assertIn('may not look at', layers.own('product/flex/x.c', 'product/voice/x.h'))
        self.assertIsNone(layers.own('product/flex/x.c', 'product/flex/y.h'))
        self.assertIsNone(layers.own('product/flex/x.c', 'product/module.h'))
        self.assertIsNone(layers.own('modules.c', 'product/flex/x.h'))
        self.assertIn('may not look at', layers.own('routing/a.c', 'product/module.h'))

    def test_private_headers_stay_private(self):
        self.assertIn('private', layers.own('rest/rest.c', 'store/internal.h'))
        self.assertIsNone(layers.own('store/sql.c', 'store/internal.h'))

    def test_a_folder_without_a_floor_is_named(self):
        self.assertIn('attic has no floor', layers.own('attic/a.c', 'base/arena.h'))
        self.assertIn('attic has no floor', layers.own('main.c', 'attic/a.h'))

    def test_foreign_libraries_have_owners(self):
        self.assertIsNone(layers.foreign('store/sqlite.c', 'sqlite3.h'))
        self.assertIn('only store', layers.foreign('rest/rest.c', 'sqlite3.h'))
        self.assertIsNone(layers.foreign('auth/token.c', 'openssl/hmac.h'))
        self.assertIn('only net, auth, codec', layers.foreign('product/flex/x.c', 'openssl/hmac.h'))
        self.assertIsNone(layers.foreign('rest/rest.c', 'sys/socket.h'))
        self.assertIn('no folder owns', layers.foreign('rest/rest.c', 'uv.h'))
        self.assertIsNone(layers.foreign('rest/test_rest.c', 'cmocka.h'))
        self.assertIn('only tests', layers.foreign('rest/rest.c', 'cmocka.h'))

    def test_a_file_is_read_and_the_line_is_told(self):
        found = self.broken(base__a_h='', base__a_c='#include "a.h"\n\n#  include "net/b.h"\n', net__b_h='#include <stdio.h>\n')
        self.assertEqual(found, ['src/base/a.c:3: base may not look at net'])


class Ratchet(unittest.TestCase):
    def test_comments_and_literals_are_not_code(self):
        code = ratchet.code_of('a /* strcpy(\n */ b // goto\n"if (" \'?\' c\n')
        self.assertEqual(code.count('\n'), 3)
        for word in ('strcpy', 'goto', 'if', '?'):
            self.assertNotIn(word, code)

    def test_functions_are_found_and_measured(self):
        text = ('#define X 1\nstruct s {\n    int a;\n};\n\nstatic const int t[] = {\n    1,\n};\n\n'
                'static __attribute__((format(printf, 1, 2))) void one(int a,\n                int b)\n{\n'
                '    if (a && b)\n        two();\n}\n\nint two(void)\n{\n    return 1 ? 2 : 3;\n}\n')
        self.assertEqual(list(ratchet.functions(ratchet.code_of(text))), [('one', 6, 3), ('two', 4, 2)])

    def test_every_limit_can_be_broken(self):
        long = 'int f(void)\n{\n' + '    if (a && b) c();\n' * 90 + '}\n'
        rules = {rule: number for rule, _, number in ratchet.measure_c('src/base/a.c', long)}
        self.assertEqual(rules, {'function lines': 93, 'complexity': 181})
        rules = {rule for rule, _, _ in ratchet.measure_c('src/base/a.h', '\n' * 801)}
        self.assertEqual(rules, {'file lines', 'header lines'})
        rules = {(rule, place) for rule, place, _ in ratchet.measure_c('src/base/a.c', 'x = strcpy(a, b); goto out; // FIXME\n')}
        self.assertEqual(rules, {('banned call', 'src/base/a.c:strcpy'), ('goto', 'src/base/a.c'), ('promise', 'src/base/a.c')})
        self.assertEqual({r for r, _, _ in ratchet.measure_web('web/a.ts', '\n' * 301)}, {'web file lines'})

    def test_what_only_looks_banned_is_fine(self):
        fine = 'x.sleep(1); p->system(2); my_strcpy(a); gmtime_r(t, &tm); snprintf(b, 1, "");\n'
        self.assertEqual(list(ratchet.measure_c('src/net/a.c', fine)), [])
        self.assertEqual(list(ratchet.measure_c('src/codec/a.c', 'goto out;\n')), [])

    def test_numbers_only_shrink(self):
        said = lambda now, may: list(ratchet.compare({'goto': now} if now else {}, {'goto': may} if may else {}))
        self.assertEqual(said({'a.c': 2}, {'a.c': 2}), [])
        self.assertIn('was 2', said({'a.c': 3}, {'a.c': 2})[0])
        self.assertIn('over the limit', said({'a.c': 1}, {})[0])
        self.assertIn('--update', said({'a.c': 1}, {'a.c': 2})[0])
        self.assertIn('mended', said({}, {'a.c': 2})[0])


def operation(body=(), query=(), shown=(), **more):
    schema = {'type': 'object', 'properties': {name: {'type': 'string'} for name in body}}
    return {'requestBody': {'content': {'application/x-www-form-urlencoded': {'schema': schema}}},
            'parameters': [{'name': name, 'in': 'query'} for name in query],
            'responses': {'200': {'content': {'application/json': {'schema': {'properties': dict.fromkeys(shown, {})}}}}}, **more}


class Drift(unittest.TestCase):
    def differences(self, ours, theirs, known=None):
        facts = [drift.facts({'paths': paths}, label) for paths, label in ((ours, ''), (theirs, '/t'), (known or theirs, '/t'))]
        return drift.differences(*facts)

    def test_the_same_is_no_difference_whatever_a_parameter_of_the_path_is_called(self):
        self.assertEqual(self.differences({'/t/v1/A/{Sid}': {'get': operation(shown=['sid'])}},
                                          {'/v1/A/{ASid}': {'get': operation(shown=['sid'])}}), [])

    def test_a_missing_operation_is_one_line(self):
        theirs = {'/v1/A': {'get': operation(), 'post': operation(['Name'], shown=['sid'])}}
        self.assertEqual(self.differences({}, theirs), ['missing GET /t/v1/A', 'missing POST /t/v1/A'])

    def test_an_operation_that_answers_501_is_missing(self):
        self.assertEqual(self.differences({'/t/v1/A': {'get': operation(**{'x-status': 501})}}, {'/v1/A': {'get': operation()}}),
                         ['missing GET /t/v1/A'])

    def test_details_of_what_is_there(self):
        ours = {'/t/v1/A': {'post': operation(['Name'], ['Mine'], ['sid'])}}
        theirs = {'/v1/A': {'post': operation(['Name', 'Size'], ['Order'], ['sid', 'url'])}}
        self.assertEqual(self.differences(ours, theirs),
                         ['extra POST /t/v1/A ?Mine', 'missing /t/v1/A .url', 'missing POST /t/v1/A ?Order',
                          'missing POST /t/v1/A ?Size'])

    def test_what_the_contract_has_but_does_not_count_yet_is_not_extra(self):
        ours = {'/t/v1/A': {'get': operation()}, '/t/v1/B': {'get': operation()}, '/t/v1/C': {'get': operation()}}
        a, b = {'/v1/A': {'get': operation()}}, {'/v1/A': {'get': operation()}, '/v1/B': {'get': operation()}}
        self.assertEqual(self.differences(ours, a, b), ['extra GET /t/v1/C'])

    def test_references_and_items_of_lists_are_followed(self):
        document = {'components': {'schemas': {'a': {'properties': {'sid': {}}}}},
                    'paths': {'/A': {'get': {'responses': {'200': {'content': {'application/json': {'schema': {'properties': {
                        'as': {'type': 'array', 'items': {'$ref': '#/components/schemas/a'}}, 'meta': {}}}}}}}}}}}
        self.assertEqual(drift.facts(document), {('GET /A', ''), ('/A', '.as'), ('/A', '.sid'), ('/A', '.meta')})


class UnitCounts(unittest.TestCase):
    def test_cases_crashes_and_plain_programs(self):
        lines = ['{"name": "a", "result": "OK", "stdout": "[       OK ] x\\n[       OK ] y\\n"}',
                 '{"name": "b", "result": "OK"}',
                 '{"name": "c", "result": "FAIL", "stdout": "[       OK ] x\\n[  FAILED  ] y\\n[  FAILED  ] 1 test(s)\\n[  FAILED  ] y\\n"}',
                 '{"name": "d", "result": "FAIL", "stderr": "AddressSanitizer"}']
        stderr, sys.stderr = sys.stderr, open('/dev/null', 'w')
        try:
            self.assertEqual(unit_counts.counts(lines), (4, 2))
        finally:
            sys.stderr.close()
            sys.stderr = stderr


if __name__ == '__main__':
    unittest.main()
