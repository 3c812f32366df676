#!/usr/bin/env python3
"""Keeps the tail of the code short. Whatever is over a limit stands in tools/ratchet.json with its number, and a number
may only shrink: the check fails when one grows or is new, and also when the list allows more than is needed.
`--update` writes the list anew; a line that it adds wants a reason in the commit."""
import json
import pathlib
import re
import sys
from collections import Counter

ROOT = pathlib.Path(__file__).resolve().parent.parent
BASELINE = ROOT / 'tools' / 'ratchet.json'

FILE_LINES, FUNCTION_LINES, COMPLEXITY, HEADER_LINES, WEB_LINES = 800, 70, 25, 300, 300
BANNED = re.compile(r'(?<![\w.>])(strcpy|strcat|stpcpy|sprintf|vsprintf|gets|strtok|alloca|system|popen|sleep|usleep|rand|'
                    r'random|srand|srandom|atoi|atol|atoll|atof|localtime|gmtime|ctime|asctime|tmpnam|tempnam|mktemp|'
                    r'setjmp|longjmp|strncat)\s*\(')
PROMISE = re.compile(r'\b(TODO|FIXME|XXX)\b')
BRANCH = re.compile(r'\b(?:if|for|while|case)\b|&&|\|\||\?')
TOKEN = re.compile(r'//(?:\\\n|[^\n])*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
ATTRIBUTE = re.compile(r'__attribute__\s*\(\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)\)')


def code_of(text):
    """C without comments and literals; every line stays where it was."""
    def blank(m):
        keep = '\n' * m[0].count('\n')
        return '""' + keep if m[0][0] == '"' else '0' + keep if m[0][0] == "'" else ' ' + keep
    return TOKEN.sub(blank, text)


def functions(code):
    """Yields (name, lines, complexity). A function's braces stand in the first column, which clang-format sees to."""
    head, start = [], None
    for n, line in enumerate(code.split('\n'), 1):
        if start is None:
            if line.startswith('{') and head:
                text = ATTRIBUTE.sub('', ' '.join(t for _, t in head))
                name = re.search(r'(\w+)\s*\(', text)
                start, who, body = head[0][0], name[1] if name else '?', []
            elif not line.strip() or line[0] in '#}' or line.rstrip().endswith((';', '}', '{')):
                head = []
            else:
                head.append((n, line))
        elif line.startswith('}'):
            yield who, n - start + 1, 1 + len(BRANCH.findall('\n'.join(body)))
            head, start = [], None
        else:
            body.append(line)


def measure_c(path, text):
    """Yields (rule, place, number) for what is over a limit in one C file."""
    code = code_of(text)
    lines = text.count('\n')
    if lines > FILE_LINES:
        yield 'file lines', path, lines
    if path.endswith('.h') and not path.endswith('internal.h') and lines > HEADER_LINES:
        yield 'header lines', path, lines
    for name, length, branches in functions(code):
        if length > FUNCTION_LINES:
            yield 'function lines', f'{path}:{name}', length
        if branches > COMPLEXITY:
            yield 'complexity', f'{path}:{name}', branches
    for name, times in Counter(BANNED.findall(code)).items():
        yield 'banned call', f'{path}:{name}', times
    gotos = len(re.findall(r'\bgoto\b', code))
    if gotos and not path.startswith('src/codec/'):
        yield 'goto', path, gotos
    promises = len(PROMISE.findall(text))
    if promises:
        yield 'promise', path, promises


def measure_web(path, text):
    lines, promises = text.count('\n'), len(PROMISE.findall(text))
    if lines > WEB_LINES and path.endswith(('.ts', '.tsx')):
        yield 'web file lines', path, lines
    if promises:
        yield 'promise', path, promises


def measure(root):
    """All that is over a limit: {rule: {place: number}}."""
    found = {}
    sources = [(p, measure_c) for p in root.glob('src/**/*.[ch]')]
    for pattern in ('web/**/*.ts', 'web/**/*.tsx', 'web/**/*.mjs', 'test/**/*.mjs'):
        sources += [(p, measure_web) for p in root.glob(pattern)
                    if not {'node_modules', 'dist'} & set(p.parts)]
    for path, how in sorted(sources):
        for rule, place, number in how(path.relative_to(root).as_posix(), path.read_text(encoding='utf-8')):
            found.setdefault(rule, {})[place] = number
    return found


def compare(now, allowed):
    """What is wrong with the present numbers, given those that the list allows."""
    for rule in sorted(now.keys() | allowed.keys()):
        have, may = now.get(rule, {}), allowed.get(rule, {})
        for place in sorted(have.keys() | may.keys()):
            a, b = have.get(place, 0), may.get(place, 0)
            if a > b:
                yield f'{place}: {rule} {a}' + (f', was {b}' if b else ' is over the limit')
            elif a < b:
                yield f'{place}: {rule} {b} is in the list, but it is {a or "mended"}: run tools/ratchet.py --update'


def main(arguments):
    now = measure(ROOT)
    if arguments == ['--update']:
        BASELINE.write_text(json.dumps(now, indent=1, sort_keys=True) + '\n', encoding='utf-8')
        return 0
    wrong = list(compare(now, json.loads(BASELINE.read_text(encoding='utf-8'))))
    print('\n'.join(wrong))
    return bool(wrong)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
