// The integration suite of the official worker SDK, unmodified, against this server.
//
//     TASKROUTER_JS=~/twilio-taskrouter.js node test/sdk/run.mjs [--runs 5] [--grep Transfer] [--show]
//
// The suite knows hosts and not addresses, and speaks TLS on port 443. So it runs where those are ours: this file starts
// itself again in a mount and a network namespace of its own, with an /etc/hosts that leads Twilio's names to 127.0.0.1 and
// a certificate from an authority made for the day. Nothing outside of the namespace is touched but test.json in the
// checkout. See README.md.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const self = fileURLToPath(import.meta.url);
const binary = process.env.PLUGBOARD_BIN ?? path.resolve(self, '../../../build/test/src/plugboard');
const REGION = 'sh1';
const SERVICES = ['taskrouter', 'event-bridge', 'api'];
const HOSTS = [
  'localhost',
  ...SERVICES.flatMap((s) => [`${s}.${REGION}.twilio.com`, `${s}.twilio.com`]),
];
const START_MS = 60_000;

const { values: options } = parseArgs({
  options: {
    runs: { type: 'string', default: '1' },
    grep: { type: 'string' },
    show: { type: 'boolean', default: false }, // what the suite prints
    spec: { type: 'string', default: 'test/integration/index.js' },
    inside: { type: 'string' }, // the folder that outside() made
  },
});

const checkout = process.env.TASKROUTER_JS && path.resolve(process.env.TASKROUTER_JS);
const hex = (bytes) => randomBytes(bytes).toString('hex');
const quiet = { stdio: ['ignore', 'ignore', 'pipe'] };

/** An authority, and a certificate of it for our hosts. */
async function makeCertificates(folder) {
  const at = (name) => path.join(folder, name);
  const openssl = (...args) => execFileSync('openssl', args, quiet);
  const key = ['-newkey', 'rsa:2048', '-nodes'];
  const ca = ['-subj', '/CN=plugboard test authority', '-days', '7'];
  openssl('req', '-x509', ...key, '-keyout', at('ca.key'), '-out', at('ca.pem'), ...ca);
  const subject = ['-subj', '/CN=twilio.com'];
  openssl('req', ...key, '-keyout', at('server.key'), '-out', at('server.csr'), ...subject);
  await writeFile(at('names'), `subjectAltName=${HOSTS.map((h) => `DNS:${h}`).join(',')}\n`);
  const issuer = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-days', '7'];
  const request = ['-in', at('server.csr'), '-extfile', at('names')];
  openssl('x509', '-req', ...request, ...issuer, '-out', at('server.pem'));
}

/** Again, in namespaces; the exit code of that. */
async function outside() {
  const folder = await mkdtemp(path.join(tmpdir(), 'plugboard-sdk-'));
  try {
    await makeCertificates(folder);
    await writeFile(path.join(folder, 'hosts'), `127.0.0.1 ${HOSTS.join(' ')}\n`);
    const root = process.getuid() === 0 ? [] : ['--map-root-user'];
    const again = [process.execPath, self, ...process.argv.slice(2), '--inside', folder];
    const child = spawn('unshare', [...root, '--mount', '--net', ...again], {
      stdio: 'inherit',
      env: { ...process.env, NODE_EXTRA_CA_CERTS: path.join(folder, 'ca.pem') },
    });
    const [code] = await once(child, 'exit');
    return code ?? 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function startServer(folder, data, account) {
  const child = spawn(
    binary,
    [
      ...['serve', '--data', data, '--listen', '127.0.0.1:443'],
      ...['--tls-cert', path.join(folder, 'server.pem')],
      ...['--tls-key', path.join(folder, 'server.key')],
    ],
    {
      env: { ...process.env, TWILIO_ACCOUNT_SID: account.sid, TWILIO_AUTH_TOKEN: account.token },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (more) => (log = (log + more).slice(-65536)));
  const ended = once(child, 'exit');
  const end = async () => {
    child.kill('SIGTERM');
    const [code] = await ended;
    if (code !== 0) throw new Error(`the server ended with ${code}\n${log}`);
  };
  for (const late = Date.now() + START_MS; ;) {
    const alive = await fetch('https://localhost/healthz').catch(() => null);
    if (alive?.ok) return end;
    if (child.exitCode !== null || Date.now() > late) {
      child.kill('SIGKILL');
      throw new Error(`the server did not start\n${log}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** A key that signs tokens, made as anybody makes one. */
async function makeSigningKey({ sid, token }) {
  const host = `https://api.${REGION}.twilio.com`;
  const answer = await fetch(`${host}/2010-04-01/Accounts/${sid}/SigningKeys.json`, {
    method: 'POST',
    headers: { Authorization: `Basic ${Buffer.from(`${sid}:${token}`).toString('base64')}` },
    body: new URLSearchParams({ FriendlyName: 'SDK suite' }),
  });
  if (!answer.ok) throw new Error(`no signing key: ${await answer.text()}`);
  return answer.json();
}

/** The checkout's own set-up script: makes the workspace by REST and writes test.json. */
async function setUp(account) {
  const key = await makeSigningKey(account);
  execFileSync(process.execPath, ['test/integration_test_setup/IntegrationTestSetup.js'], {
    cwd: checkout,
    stdio: options.show ? 'inherit' : ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      ACCOUNT_SID: account.sid,
      AUTH_TOKEN: account.token,
      SIGNING_KEY_SID: key.sid,
      SIGNING_KEY_SECRET: key.secret,
      WORKSPACE_FRIENDLY_NAME: 'SDK suite',
      REGION,
    },
  });
}

/** What mocha's JSON reporter says. */
async function runSuite() {
  const args = [
    ...['node_modules/mocha/bin/mocha', '--require', '@babel/register'],
    ...['-r', './test/mocha/no-unicode-reporter.js', '-r', './test/mocha/fetch.js'],
    ...['-r', fileURLToPath(new URL('apart.cjs', import.meta.url))],
    ...['--timeout', '40000', '--exit', '--reporter', 'json', options.spec],
    ...(options.grep ? ['--grep', options.grep] : []),
  ];
  const child = spawn(process.execPath, args, {
    cwd: checkout,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (more) => {
    out += more;
    if (options.show) process.stdout.write(more);
  });
  await once(child, 'close');
  const start = out.lastIndexOf('{\n  "stats"');
  if (start < 0) throw new Error(`the suite did not run\n${out}`);
  return JSON.parse(out.slice(start));
}

/** One run on a server of its own; true when all passed. */
async function runOnce(folder, number) {
  const data = path.join(folder, `data-${number}`);
  const account = { sid: `AC${hex(16)}`, token: hex(16) };
  const end = await startServer(folder, data, account);
  let result;
  try {
    await setUp(account);
    result = await runSuite();
  } finally {
    await end();
    await rm(data, { recursive: true, force: true });
  }
  const { stats, failures } = result;
  console.log(
    `run ${number}: ${stats.passes} passed, ${stats.failures} failed, ${stats.pending} skipped by the suite, ${stats.duration} ms`,
  );
  for (const f of failures) console.log(`  ${f.fullTitle}\n    ${f.err.message?.split('\n')[0]}`);
  return stats.failures === 0 && stats.passes > 0;
}

async function inside(folder) {
  execFileSync('mount', ['--bind', path.join(folder, 'hosts'), '/etc/hosts'], quiet);
  execFileSync('ip', ['link', 'set', 'lo', 'up'], quiet);
  let good = true;
  for (let i = 1; i <= Number(options.runs); i++) good = (await runOnce(folder, i)) && good;
  return good ? 0 : 1;
}

if (!checkout) {
  console.error(
    'TASKROUTER_JS must name a checkout of twilio-taskrouter.js with its packages installed',
  );
  process.exit(2);
}
await readFile(path.join(checkout, 'test/integration/index.js'));
process.exitCode = options.inside ? await inside(options.inside) : await outside();
