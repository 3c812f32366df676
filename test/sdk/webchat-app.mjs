// The public web chat application, unmodified, with our server in Twilio's place: a customer writes from it, an agent
// answers from our desktop.
//
//     node test/sdk/webchat-app.mjs ~/twilio-webchat-react-app [--show]
//
// The checkout has its packages installed (README.md says how); its pages are built here if they are not. Its server and its
// pages know Twilio's hosts only, so all of it runs where those are ours (names.mjs). It is the application of 2022, and so it
// is also the story of an old client: @twilio/conversations 2.1.0-rc.0 with twilsock 0.12 and twilio 3.84.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { go, logIn, openBrowser } from '../support/browser.mjs';
import { hex, inside, makeSigningKey, outside, startServer } from './names.mjs';

const HOSTS = [
  ...['api', 'conversations', 'flex-api'].map((s) => `${s}.twilio.com`), // of its server
  ...['tsock', 'aim', 'cds', 'mcs', 'ers'].map((s) => `${s}.us1.twilio.com`), // of its pages
];
const PAGES = 'http://localhost:3000'; // both are the checkout's own addresses
const APPLICATION = 'http://localhost:3001';
const STEP_MS = 30_000;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    show: { type: 'boolean', default: false }, // what the application's server and build print
    inside: { type: 'string' }, // the folder that outside() made
  },
});
const checkout = positionals[0] && path.resolve(positionals[0]);
const webFolder = fileURLToPath(new URL('../../web', import.meta.url));
const stdio = ['ignore', options.show ? 'inherit' : 'ignore', 'inherit'];

/** The checkout's own `yarn build`, once. */
async function build() {
  const built = path.join(checkout, 'build/index.html');
  if (
    await access(built).then(
      () => true,
      () => false,
    )
  )
    return;
  console.log('building the application’s pages …');
  const child = spawn('npm', ['run', 'build'], {
    cwd: checkout,
    stdio,
    env: {
      ...process.env,
      REACT_APP_SERVER_URL: APPLICATION,
      DOWNLOAD_TRANSCRIPT_ENABLED: 'true',
      EMAIL_TRANSCRIPT_ENABLED: 'false',
      GENERATE_SOURCEMAP: 'false',
      DISABLE_ESLINT_PLUGIN: 'true',
    },
  });
  const [code] = await once(child, 'exit');
  assert.equal(code, 0, 'the application could not be built');
}

/** What was built, as any web server gives it out. */
async function servePages() {
  const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };
  const server = createServer(async (request, response) => {
    const where = new URL(request.url, PAGES).pathname;
    const file = path.join(checkout, 'build', where === '/' ? 'index.html' : where);
    const body = await readFile(file).catch(() => null);
    response.writeHead(body ? 200 : 404, { 'Content-Type': types[path.extname(file)] ?? '' });
    response.end(body);
  });
  server.listen(Number(new URL(PAGES).port), 'localhost');
  await once(server, 'listening');
  return () => server.close();
}

/** The account's REST: `rest(url)` gets, `rest(url, form)` posts. */
const restOf = (account) => async (url, form) => {
  const authorization = `Basic ${Buffer.from(`${account.sid}:${account.token}`).toString('base64')}`;
  const more = form ? { method: 'POST', body: new URLSearchParams(form) } : {};
  const answer = await fetch(url, { headers: { authorization }, ...more });
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  return answer.status === 204 ? null : answer.json();
};

/** What an operator writes into the application's .env, found by REST. */
async function settings(account, rest) {
  const key = await makeSigningKey(account);
  const flex = await rest('https://flex-api.twilio.com/v1/Configuration');
  const { address_configurations: addresses } = await rest(
    'https://conversations.twilio.com/v1/Configuration/Addresses?Type=chat',
  );
  return {
    ACCOUNT_SID: account.sid,
    AUTH_TOKEN: account.token,
    API_KEY: key.sid,
    API_SECRET: key.secret,
    ADDRESS_SID: addresses[0].sid,
    CONVERSATIONS_SERVICE_SID: flex.chat_service_instance_sid,
    ALLOWED_ORIGINS: PAGES,
  };
}

/** The checkout's own `yarn server:ci`. */
async function startApplication(env) {
  const child = spawn(process.execPath, ['server'], {
    cwd: checkout,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  const listens = new Promise((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text) => {
      if (options.show) process.stdout.write(text);
      if (text.includes('running on port')) resolve();
    });
    child.on('exit', (code) => reject(new Error(`the application's server ended with ${code}`)));
  });
  await listens;
  return () => child.kill('SIGKILL');
}

// --- the two windows -------------------------------------------------------------------------------------------------

const part = (page, name) => page.locator(`[data-test="${name}"]`);
const bubble = (page, text) => part(page, 'all-message-bubbles').filter({ hasText: text });
const said = (page, text) => page.getByTestId('message').filter({ hasText: text });

async function begin(customer, query) {
  await part(customer, 'pre-engagement-chat-form-name-input').fill('Ada Lovelace');
  await part(customer, 'pre-engagement-chat-form-email-input').fill('ada@example.com');
  await part(customer, 'pre-engagement-chat-form-query-textarea').fill(query);
  await part(customer, 'pre-engagement-start-chat-button').click();
  await bubble(customer, query).waitFor();
  await bubble(customer, 'Welcome Ada Lovelace!').waitFor(); // by its server, as "Concierge"
}

async function write(customer, text) {
  await part(customer, 'message-input-textarea').fill(text);
  await part(customer, 'message-send-button').click();
  await bubble(customer, text).waitFor();
}

async function accept(alice, query) {
  await alice.getByTestId('incoming-task').first().waitFor();
  await alice.getByTestId('accept-task').first().click();
  await said(alice, query).waitFor();
}

async function answer(alice, text) {
  await alice.getByTestId('message-input').fill(text);
  await alice.getByTestId('send').click();
  await said(alice, text).waitFor();
}

/** What the application keeps for the next visit. */
const session = (customer) =>
  customer.evaluate(() => JSON.parse(localStorage.getItem('TWILIO_WEBCHAT_WIDGET')));
const expiryOf = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url')).exp * 1000;
const ALMOST_MS = 170_000; // a client is told three minutes before

const picture = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
const file = (name, mimeType, buffer) => ({ name, mimeType, buffer });

/** What a click on the n-th file in the chat opens. */
async function opened(customer, name) {
  const popup = customer.waitForEvent('popup');
  await customer
    .getByTestId('message-bubble')
    .locator('[data-test="file-preview-main-area"]')
    .filter({ hasText: name })
    .click();
  const page = await popup;
  const url =
    page.url() === 'about:blank'
      ? await page.waitForURL(/^https/).then(() => page.url())
      : page.url();
  const body = Buffer.from(await (await fetch(url)).arrayBuffer());
  await page.close();
  return body;
}

const steps = [
  [
    'a form becomes a conversation, a welcome, and a task with the customer’s name',
    async ({ alice, customer }) => {
      await customer.goto(PAGES);
      await part(customer, 'entry-point-button').click();
      await begin(customer, 'My bill is too high.');
      await accept(alice, 'My bill is too high.');
      await said(alice, 'Welcome Ada Lovelace!').waitFor();
      await alice.getByText('Ada Lovelace').first().waitFor();
    },
  ],
  [
    'both write, both see each other type, and what was read',
    async ({ alice, customer }) => {
      await part(customer, 'message-input-textarea').pressSequentially('Tha');
      await alice.getByTestId('typing').getByText('Ada Lovelace is typing').waitFor();
      await alice.getByTestId('message-input').pressSequentially('One');
      await customer.getByText('Alice Adams is typing...').waitFor();
      await answer(alice, 'Good day, I look into it.');
      await bubble(customer, 'Good day, I look into it.')
        .getByText('Alice Adams')
        .first()
        .waitFor();
      await write(customer, 'Thank you <b>very</b> much');
      await said(alice, 'Thank you <b>very</b> much').waitFor();
      await customer.getByText('Read', { exact: true }).waitFor();
      await part(customer, 'message-input-textarea').focus();
      await alice.getByTestId('transcript').getByText('Read').waitFor();
    },
  ],
  [
    'files, two in a message, in both directions',
    async ({ alice, customer }) => {
      await customer
        .locator('input[type=file]')
        .setInputFiles([
          file('bill.png', 'image/png', picture),
          file('wörter.txt', 'text/plain', Buffer.from('Zeile')),
        ]);
      await part(customer, 'message-input-textarea').fill('Both of them');
      await part(customer, 'message-send-button').click();
      await alice.getByRole('img', { name: 'Picture: bill.png' }).waitFor();
      await said(alice, 'Both of them').getByText('wörter.txt').waitFor();
      assert.deepEqual(await opened(customer, 'bill.png'), picture);
      await alice
        .getByTestId('file-input')
        .setInputFiles(file('credit.pdf', 'application/pdf', Buffer.from('%PDF-1.4\n%%EOF\n')));
      await answer(alice, 'Your credit note');
      assert.match((await opened(customer, 'credit.pdf')).toString(), /^%PDF/);
    },
  ],
  [
    'a reload resumes the session',
    async ({ customer }) => {
      await customer.reload();
      await part(customer, 'entry-point-button').click();
      await bubble(customer, 'Good day, I look into it.').waitFor();
      await bubble(customer, 'credit.pdf').waitFor();
      assert.equal(await part(customer, 'all-message-bubbles').count(), 6);
    },
  ],
  [
    'a long conversation comes as it is scrolled',
    async ({ customer, rest }) => {
      const { conversationSid } = await session(customer);
      for (let i = 0; i < 30; i++)
        await rest(
          `https://conversations.twilio.com/v1/Conversations/${conversationSid}/Messages`,
          {
            Author: 'Concierge',
            Body: `Line ${i}.`,
          },
        );
      await bubble(customer, 'Line 29.').waitFor();
      await customer.reload();
      await part(customer, 'entry-point-button').click();
      await bubble(customer, 'Line 29.').waitFor();
      assert.equal(await part(customer, 'all-message-bubbles').count(), 20);
      await customer.getByRole('main').hover();
      for (const late = Date.now() + STEP_MS; !(await part(customer, 'chat-started').count());) {
        assert.ok(Date.now() < late, 'the beginning did not come');
        await customer.mouse.wheel(0, -2000);
        await customer.waitForTimeout(100);
      }
      assert.equal(await part(customer, 'all-message-bubbles').count(), 36);
    },
  ],
  [
    'the server is killed and comes back: nothing is lost, nothing is there twice',
    async ({ alice, customer, again }) => {
      await again();
      await part(customer, 'alert-message').waitFor({ state: 'detached' });
      await answer(alice, 'Here again.');
      await bubble(customer, 'Here again.').waitFor();
      await write(customer, 'So am I.');
      await said(alice, 'So am I.').waitFor();
      assert.equal(await part(customer, 'all-message-bubbles').count(), 38);
    },
  ],
  [
    'a token that is about to expire is replaced, and the chat outlives it',
    async ({ alice, customer, turn }) => {
      const old = await session(customer);
      await turn(expiryOf(old.token) - ALMOST_MS - Date.now());
      await customer.waitForFunction(
        (token) => JSON.parse(localStorage.getItem('TWILIO_WEBCHAT_WIDGET')).token !== token,
        old.token,
      );
      assert.ok(expiryOf((await session(customer)).token) > expiryOf(old.token));
      await turn(ALMOST_MS + 1000); // the old one is no good any more
      await alice.reload(); // her clock was not turned with the server's, for which she was away for hours
      await go(alice, 'Available');
      await write(customer, 'Still here.');
      await said(alice, 'Still here.').waitFor();
    },
  ],
  [
    'the agent closes; the transcript has all of it, the files too',
    async ({ alice, customer, zip }) => {
      await alice.getByTestId('wrapup-task').click();
      await alice.getByTestId('complete-task').click();
      await customer.getByText('Thanks for chatting with us!').waitFor();
      const [download] = await Promise.all([
        customer.waitForEvent('download'),
        part(customer, 'download-transcript-button').click(),
      ]);
      const files = (await zip.loadAsync(await readFile(await download.path()))).files;
      const names = Object.keys(files).map((name) => path.basename(name));
      for (const name of ['bill.png', 'wörter.txt', 'credit.pdf']) assert.ok(names.includes(name));
      const text = await Object.values(files)
        .find((one) => /chat-with.*\.txt$/.test(one.name))
        .async('string');
      assert.match(text, /My bill is too high\./);
      assert.match(text, /Good day, I look into it\./);
      assert.match(text, /So am I\./);
    },
  ],
  [
    'a new chat is another conversation',
    async ({ alice, customer }) => {
      await part(customer, 'start-new-chat-button').click();
      await begin(customer, 'One more thing.');
      assert.equal(await bubble(customer, 'My bill is too high.').count(), 0);
      await accept(alice, 'One more thing.');
      await alice.getByTestId('complete-task').click();
      await customer.getByText('Thanks for chatting with us!').waitFor();
    },
  ],
];

async function story(folder) {
  const account = { sid: `AC${hex(16)}`, token: hex(16) };
  const start = () =>
    startServer(folder, {
      data: path.join(folder, 'data'),
      account,
      args: ['--demo', '--clock', 'test', '--web', webFolder],
    });
  const rest = restOf(account);
  let server = await start();
  const ends = [];
  try {
    ends.push(await startApplication(await settings(account, rest)));
    ends.push(await servePages());
    const browser = await openBrowser();
    ends.push(() => browser.close());
    const trusting = { ignoreHTTPSErrors: true };
    const alice = await browser.window(trusting);
    const customer = await browser.window(trusting);
    for (const page of [alice, customer]) page.setDefaultTimeout(STEP_MS);
    if (options.show) customer.on('console', (line) => console.log(`  [page] ${line.text()}`));
    await logIn(alice, 'https://localhost/', 'alice');
    await go(alice, 'Available');
    const zip = createRequire(path.join(checkout, 'package.json'))('jszip');
    const again = async () => {
      await server.kill9();
      await part(customer, 'alert-message').waitFor();
      server = await start();
    };
    const turn = (ms) => rest('https://localhost/test/clock', { By: Math.round(ms) });
    for (const [name, step] of steps) {
      await step({ alice, customer, zip, rest, again, turn }).catch(async (error) => {
        if (options.show)
          for (const page of [alice, customer]) console.log(await page.locator('body').innerText());
        throw new Error(`${name}: ${error.message}`, { cause: error });
      });
      console.log(`ok  ${name}`);
    }
    for (const page of [alice, customer]) assert.deepEqual(page.errors, []);
    return true;
  } catch (error) {
    console.error(error);
    if (options.show) console.error(server.log());
    return false;
  } finally {
    for (const end of ends.reverse()) await end();
    await server.end();
  }
}

if (!checkout) {
  console.error('the path of a checkout of twilio-webchat-react-app, its packages installed');
  process.exit(2);
}
await access(path.join(checkout, 'server/controllers/initWebchatController.js'));
if (!options.inside) await build();
process.exitCode = options.inside
  ? await inside(options.inside, () => story(options.inside))
  : await outside(import.meta.url, HOSTS);
