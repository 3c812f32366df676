#!/usr/bin/env python3
"""Counts the test cases in meson's testlog.json: prints "passed failed", and on stderr the output of what failed."""
import json
import re
import sys

OK = re.compile(r'^\[       OK \]', re.M)
BAD = re.compile(r'^\[  FAILED  \] (?!\d+ test)(\S+)', re.M)


def counts(lines):
    """A cmocka program says its cases; one that only ends, or crashed, counts as one."""
    passed = failed = 0
    for line in lines:
        test = json.loads(line)
        text = test.get('stdout', '') + test.get('stderr', '')
        cases = len(OK.findall(text))
        good = test['result'] in ('OK', 'EXPECTEDFAIL', 'SKIP')
        passed += cases or good
        if not good:
            failed += len(set(BAD.findall(text))) or 1
            print(f"FAILED  {test['name']} ({test['result']})\n{text}", file=sys.stderr)
        else:
            print(f"ok      {test['name']}: {cases or 1}", file=sys.stderr)
    return passed, failed


if __name__ == '__main__':
    with open(sys.argv[1], encoding='utf-8') as log:
        print(*counts(log))
