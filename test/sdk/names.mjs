// Twilio's names, led to this machine: for clients that know hosts and not addresses, and speak TLS on port 443.
//
//     process.exitCode = options.inside
//       ? await inside(options.inside, () => story())
//       : await outside(import.meta.url, ['api.twilio.com', …]);
//
// A script that wants them starts itself again in a mount and a network namespace of its own, with an /etc/hosts that leads
// the names to 127.0.0.1 and a certificate from an authority made for the day. Nothing outside of the namespace is touched.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const binary =
  process.env.PLUGBOARD_BIN ??
  fileURLToPath(new URL('../../build/test/src/plugboard', import.meta.url));
const START_MS = 60_000;

const quiet = { stdio: ['ignore', 'ignore', 'pipe'] };

export const hex = (bytes) => randomBytes(bytes).toString('hex');

/** An authority, and a certificate of it for the hosts. */
async function makeCertificates(folder, hosts) {
  const at = (name) => path.join(folder, name);
  const openssl = (...args) => execFileSync('openssl', args, quiet);
  const key = ['-newkey', 'rsa:2048', '-nodes'];
  const ca = ['-subj', '/CN=plugboard test authority', '-days', '7'];
  openssl('req', '-x509', ...key, '-keyout', at('ca.key'), '-out', at('ca.pem'), ...ca);
  const subject = ['-subj', '/CN=twilio.com'];
  openssl('req', ...key, '-keyout', at('server.key'), '-out', at('server.csr'), ...subject);
  await writeFile(at('names'), `subjectAltName=${hosts.map((h) => `DNS:${h}`).join(',')}\n`);
  const issuer = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-days', '7'];
  const request = ['-in', at('server.csr'), '-extfile', at('names')];
  openssl('x509', '-req', ...request, ...issuer, '-out', at('server.pem'));
}

/** The script again, in namespaces, with `--inside <folder>` behind its own arguments; the exit code of that. */
export async function outside(script, names) {
  const folder = await mkdtemp(path.join(tmpdir(), 'plugboard-sdk-'));
  const hosts = ['localhost', ...names];
  try {
    await makeCertificates(folder, hosts);
    await writeFile(path.join(folder, 'hosts'), `127.0.0.1 ${hosts.join(' ')}\n`);
    const root = process.getuid() === 0 ? [] : ['--map-root-user'];
    const again = [process.execPath, fileURLToPath(script), ...process.argv.slice(2)];
    const args = [...root, '--mount', '--net', ...again, '--inside', folder];
    const child = spawn('unshare', args, {
      stdio: 'inherit',
      env: { ...process.env, NODE_EXTRA_CA_CERTS: path.join(folder, 'ca.pem') },
    });
    const [code] = await once(child, 'exit');
    return code ?? 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What `work` returns, as an exit code, once the names lead here. */
export async function inside(folder, work) {
  execFileSync('mount', ['--bind', path.join(folder, 'hosts'), '/etc/hosts'], quiet);
  execFileSync('ip', ['link', 'set', 'lo', 'up'], quiet);
  return (await work()) ? 0 : 1;
}

/** A server on port 443 with the data folder and the account; `end()` is the end as an operator wants it. */
export async function startServer(folder, { data, account, args = [] }) {
  const child = spawn(
    binary,
    [
      ...['serve', '--data', data, '--listen', '127.0.0.1:443'],
      ...['--tls-cert', path.join(folder, 'server.pem')],
      ...['--tls-key', path.join(folder, 'server.key')],
      ...args,
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
  const kill9 = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  for (const late = Date.now() + START_MS; ;) {
    const alive = await fetch('https://localhost/healthz').catch(() => null);
    if (alive?.ok) return { end, kill9, log: () => log };
    if (child.exitCode !== null || Date.now() > late) {
      child.kill('SIGKILL');
      throw new Error(`the server did not start\n${log}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** A key that signs tokens, made as anybody makes one. */
export async function makeSigningKey({ sid, token }, host = 'https://api.twilio.com') {
  const answer = await fetch(`${host}/2010-04-01/Accounts/${sid}/SigningKeys.json`, {
    method: 'POST',
    headers: { Authorization: `Basic ${Buffer.from(`${sid}:${token}`).toString('base64')}` },
    body: new URLSearchParams({ FriendlyName: 'SDK suite' }),
  });
  if (!answer.ok) throw new Error(`no signing key: ${await answer.text()}`);
  return answer.json();
}
