#!/usr/bin/env python3
"""Holds what the server says of itself against the public contract.

    tools/drift.py BINARY [--update]

`BINARY describe` prints one OpenAPI document, its paths prefixed by the product's label. The contract is the OpenAPI files
in the npm package @twilio-alpha/mcp, which test/package.json asks for. The difference is a list of lines:

    missing GET /taskrouter/v1/Workspaces/{}/Events           an operation (one that answers 501 is missing too)
    missing POST /taskrouter/v1/Workspaces ?FriendlyName      a parameter: of the body, the query or a header
    missing /taskrouter/v1/Workspaces .prioritize_queue_order a property of the answers of a resource
    extra ...                                                 served, but not in the contract

and tools/drift.txt holds those that we know. It may only shrink: a new line fails, and so does one that is no longer true."""
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SPECS = ROOT / 'test/node_modules/@twilio-alpha/mcp/twilio-oai/spec/json'
BASELINE = ROOT / 'tools' / 'drift.txt'

# Contract file, the label its paths are served under, and the paths of it that count so far.
CONTRACTS = [
    ('twilio_taskrouter_v1.json', '/taskrouter', r'/'),
    ('twilio_conversations_v1.json', '/conversations', r'/'),
    ('twilio_sync_v1.json', '/sync', r'/'),
    ('twilio_flex_v1.json', '/flex-api', r'/v1/(Interactions|Channels|FlexFlows|WebChannels|Configuration)\b'),
    ('twilio_flex_v2.json', '/flex-api', r'/'),
    ('twilio_api_v2010.json', '/api', r'/2010-04-01/Accounts(\.json|/\{\w+\}\.json|/\{\w+\}/(Keys|SigningKeys)\b)'),
]
VERBS = ('get', 'post', 'put', 'patch', 'delete')


def resolve(document, schema):
    while '$ref' in schema:
        node = document
        for key in schema['$ref'].lstrip('#/').split('/'):
            node = node[key]
        schema = node
    return schema


def properties(document, schema):
    """Name -> schema of an object's properties, allOf and $ref followed."""
    schema = resolve(document, schema)
    found = dict(schema.get('properties', {}))
    for part in schema.get('allOf', []):
        found.update(properties(document, part))
    return found


def parameters(document, path, operation):
    """The names that a caller may send: in the body, the query and the headers."""
    names = set()
    for content in resolve(document, operation.get('requestBody', {})).get('content', {}).values():
        names |= properties(document, content.get('schema', {})).keys()
    for p in path.get('parameters', []) + operation.get('parameters', []):
        p = resolve(document, p)
        if p['in'] in ('query', 'header'):
            names.add(p['name'])
    return names


def answers(document, operation):
    """The names in an operation's successful answers; of a list, the names of its items beside those of the envelope."""
    names = set()
    for status, response in operation.get('responses', {}).items():
        if not status.startswith('2'):
            continue
        for content in resolve(document, response).get('content', {}).values():
            for name, schema in properties(document, content.get('schema', {})).items():
                items = properties(document, resolve(document, schema).get('items', {}))
                names |= items.keys() | {name}
    return names


def facts(document, label='', wanted=r'/'):
    """{(operation, detail)}: ('GET /x', '') for the operation, ('GET /x', '?Name') for a parameter, and, for all the
    operations of one resource together, ('/x', '.name') for a property of its answers."""
    found = set()
    for path, item in document.get('paths', {}).items():
        if not re.match(wanted, path):
            continue
        where = re.sub(r'\{\w+\}', '{}', label + path)
        resource = re.sub(r'/\{\}(\.json)?$', r'\1', where)
        for verb in VERBS:
            operation = item.get(verb)
            if operation is None or operation.get('x-status') == 501:
                continue
            name = f'{verb.upper()} {where}'
            found.add((name, ''))
            found |= {(name, '?' + p) for p in parameters(document, item, operation)}
            found |= {(resource, '.' + p) for p in answers(document, operation)}
    return found


def differences(ours, theirs, known):
    """Sorted lines. known: the whole contract; what is served of a part that does not count yet is not extra. Where an
    operation is missing or extra as a whole its details are not told."""
    def lines(what, more, less):
        whole = {name for name, detail in less if not detail}
        roots = {name.split(' ')[1] for name in whole} | {re.sub(r'/\{\}(\.json)?$', r'\1', n.split(' ')[1]) for n in whole}
        for name, detail in more - less:
            if not detail or (name in whole if detail[0] == '?' else name in roots):
                yield f'{what} {name} {detail}'.rstrip()
    return sorted([*lines('missing', theirs, ours), *lines('extra', ours - (known - theirs), theirs)])


def contract():
    """(facts that count, facts of the same contract files as a whole)"""
    theirs, known = set(), set()
    for name, label, wanted in CONTRACTS:
        document = json.loads((SPECS / name).read_text(encoding='utf-8'))
        theirs |= facts(document, label, wanted)
        known |= facts(document, label)
    return theirs, known


def served(document):
    """The facts of our own description, of the products that the contract files speak of."""
    labels = tuple(label + '/' for _, label, _ in CONTRACTS)
    return facts({**document, 'paths': {p: i for p, i in document['paths'].items() if p.startswith(labels)}})


def main(arguments):
    binary = arguments[0]
    theirs, known = contract()
    ours = served(json.loads(subprocess.check_output([binary, 'describe'])))
    now = differences(ours, theirs, known)
    if '--update' in arguments:
        BASELINE.write_text(''.join(line + '\n' for line in now), encoding='utf-8')
        return 0
    allowed = BASELINE.read_text(encoding='utf-8').splitlines()
    wrong = [f'new: {line}' for line in sorted(set(now) - set(allowed))]
    wrong += [f'no longer true, run tools/drift.py {binary} --update: {line}' for line in sorted(set(allowed) - set(now))]
    print('\n'.join(wrong))
    whole = len({n for n, d in theirs if not d})
    missing = sum(bool(re.fullmatch(r'missing [A-Z]+ \S+', line)) for line in now)
    print(f'{whole} operations in the contract, {missing} of them missing; {len(now)} lines of difference')
    return bool(wrong)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
