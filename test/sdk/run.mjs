// The integration suite of the official worker SDK, unmodified, against this server.
//
//     TASKROUTER_JS=~/twilio-taskrouter.js node test/sdk/run.mjs [--runs 5] [--grep Transfer] [--show]
//
// The suite knows hosts and not addresses, so it runs where those are ours (names.mjs). Nothing outside of that is touched but
// test.json in the checkout. See README.md.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { hex, inside, makeSigningKey, outside, startServer } from './names.mjs';

const REGION = 'sh1';
const SERVICES = ['taskrouter', 'event-bridge', 'api'];
const HOSTS = SERVICES.flatMap((s) => [`${s}.${REGION}.twilio.com`, `${s}.twilio.com`]);

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

/** The checkout's own set-up script: makes the workspace by REST and writes test.json. */
async function setUp(account) {
  const key = await makeSigningKey(account, `https://api.${REGION}.twilio.com`);
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
  const { end } = await startServer(folder, { data, account });
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

async function runs(folder) {
  let good = true;
  for (let i = 1; i <= Number(options.runs); i++) good = (await runOnce(folder, i)) && good;
  return good;
}

if (!checkout) {
  console.error(
    'TASKROUTER_JS must name a checkout of twilio-taskrouter.js with its packages installed',
  );
  process.exit(2);
}
await readFile(path.join(checkout, 'test/integration/index.js'));
process.exitCode = options.inside
  ? await inside(options.inside, () => runs(options.inside))
  : await outside(import.meta.url, HOSTS);
