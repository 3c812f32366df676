#!/usr/bin/env python3
"""The map of src/ is also the law (docs/ARCHITECTURE.md). Fails when an include goes up, sideways, or into another
folder's private parts, and when a foreign library is used outside the folder that owns it."""
import pathlib
import re
import sys

# Lowest first; folders of one floor do not know each other, nor do the folders of a product or a gateway: product/x knows no
# product/y. The roof is the .c and .h files that lie in src/ itself.
FLOORS = [['base'], ['codec'], ['net', 'store', 'expr'], ['ledger'], ['auth'], ['rest', 'webhook'],
          ['routing', 'sync', 'media'], ['chat', 'live', 'voice', 'measure', 'whatif'],
          ['channel', 'interaction', 'flow'], ['gateway'], ['product'], ['.']]
DIVIDED = ['gateway', 'product']
FLOOR = {folder: i for i, floor in enumerate(FLOORS) for folder in floor}

# Whose library is it? A name that ends in / stands for all headers below it.
OWNERS = {
    'sqlite3.h': ['store'], 'libpq-fe.h': ['store'],
    'h2o.h': ['net'], 'h2o/': ['net'], 'wslay/': ['net'], 'curl/': ['net'], 'zlib.h': ['net'],
    'openssl/': ['net', 'auth', 'codec'],
    'jansson.h': ['codec'], 'jose/': ['codec'],
    'argon2.h': ['auth'], 'bsd/': ['base'],
    'pthread.h': ['base', 'store', 'net'],
    # Tests may use these everywhere.
    'cmocka.h': [], 'setjmp.h': [],
}
SYSTEM = re.compile(
    r'(sys|net|netinet|arpa|linux|sanitizer)/\w+\.h$|'
    r'(assert|complex|ctype|dirent|endian|errno|fcntl|fenv|float|fnmatch|ftw|getopt|glob|grp|ifaddrs|inttypes|iso646|limits|locale|malloc|math|'
    r'netdb|poll|pwd|regex|sched|semaphore|signal|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|stdnoreturn|'
    r'string|strings|syslog|termios|threads|time|unistd|utime|wchar|wctype)\.h$')
INCLUDE = re.compile(r'\s*#\s*include\s+(["<])([^">]+)')


def module(path):
    """The folder a file belongs to: product/x, gateway/x, another folder of src/, or '.', the roof."""
    parts = path.split('/')
    if parts[0] in DIVIDED and len(parts) > 2:
        return '/'.join(parts[:2])
    return parts[0] if len(parts) > 1 else '.'


def foreign(me, header):
    """Why file me may not include <header>, or None."""
    if SYSTEM.match(header):
        return None
    owners = OWNERS.get(header, OWNERS.get(header.split('/')[0] + '/'))
    if owners is None:
        return f'no folder owns <{header}>; tools/layers.py lists the owners'
    if not owners:
        return None if pathlib.PurePath(me).name.startswith('test_') else f'only tests may use <{header}>'
    return None if module(me).split('/')[0] in owners else f'only {", ".join(owners)} may use <{header}>'


def own(me, header):
    """Why file me may not include "header" (both relative to src/), or None."""
    mine, theirs = module(me), module(header)
    if mine == theirs:
        return None
    if header.endswith('/internal.h'):
        return f'{header} is private to {theirs}'
    floors = [FLOOR.get(m.split('/')[0]) for m in (mine, theirs)]
    if None in floors:
        return f'{(mine, theirs)[floors.index(None)]} has no floor; tools/layers.py lists them'
    shared = theirs in DIVIDED                  # product/x.h itself is what all products share
    if floors[1] > floors[0] or (floors[1] == floors[0] and not shared):
        return f'{mine} may not look at {theirs}'
    return None


def broken(src):
    """Yields "file:line: why" for every include under src that breaks the law."""
    for path in sorted(src.rglob('*.[ch]')):
        me = path.relative_to(src).as_posix()
        for n, line in enumerate(path.read_text(encoding='utf-8').split('\n'), 1):
            m = INCLUDE.match(line)
            if not m:
                continue
            if m[1] == '<':
                why = foreign(me, m[2])
            else:
                beside = path.parent / m[2]
                why = own(me, beside.resolve().relative_to(src.resolve()).as_posix() if beside.exists() else m[2])
            if why:
                yield f'src/{me}:{n}: {why}'


if __name__ == '__main__':
    found = list(broken(pathlib.Path(__file__).resolve().parent.parent / 'src'))
    print('\n'.join(found))
    sys.exit(bool(found))
