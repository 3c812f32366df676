// A customer writes from a web page, an agent answers, and everything that a chat is made of works for both.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, beforeEach, test } from 'node:test';
import { go, logIn, openBrowser } from '../support/browser.mjs';
import { startServer, webFolder } from '../support/server.mjs';

let server;
let browser;
before(async () => {
  server = await startServer({ args: ['--demo', '--web', webFolder] });
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});
// One address may not open chats in a loop, and the clock stands still.
beforeEach(() => server.turnClock(120_000));

const writeTo = async (page, { name = 'Ada Lovelace', question = 'My bill is too high.' } = {}) => {
  await page.goto(`${server.url}/webchat/`);
  await page.getByRole('button', { name: 'Open the chat' }).click();
  await page.getByLabel('Your name').fill(name);
  await page.getByLabel('What is it about?').fill(question);
  await page.getByRole('button', { name: 'Start the chat' }).click();
  await page.getByLabel('Write a message').waitFor();
  await page.getByRole('log').getByText(question).waitFor();
};

const said = (page, text) => page.getByTestId('message').filter({ hasText: text });

const say = async (page, text) => {
  await page.getByTestId('message-input').fill(text);
  await page.getByTestId('send').click();
};

const reply = async (page, text) => {
  await page.getByLabel('Write a message').fill(text);
  await page.keyboard.press('Enter');
};

/** The agent takes the offered chat and sees the question. */
const accept = async (page, question = 'My bill is too high.') => {
  await page.getByTestId('incoming-task').first().waitFor();
  await page.getByTestId('accept-task').first().click();
  await said(page, question).waitFor();
};

/** The task is over, and the server knows it: who closes the window too soon keeps it. */
const complete = async (page) => {
  const done = page.waitForResponse(
    (answer) =>
      answer.url().includes('/wschannels') && /completed/.test(answer.request().postData()),
  );
  await page.getByTestId('complete-task').click();
  await done;
};

test('a customer writes, an agent answers, both see each other type, send files, and close', async () => {
  const alice = await browser.window();
  const customer = await browser.window();
  await logIn(alice, server.url, 'alice');
  await go(alice, 'Available');
  await writeTo(customer);
  await accept(alice);

  await customer.getByLabel('Write a message').pressSequentially('Tha');
  await alice.getByTestId('typing').getByText('Ada Lovelace is typing…').waitFor();
  await alice.getByTestId('message-input').pressSequentially('One');
  await customer.getByText('Alice Adams is typing …').waitFor();
  await say(alice, 'Good day, I look into it.');
  await customer.getByRole('log').getByText('Good day, I look into it.').waitFor();
  await alice.getByTestId('transcript').getByText('Read').waitFor();

  await reply(customer, 'Thank you <b>very</b> much');
  await said(alice, 'Thank you <b>very</b> much').waitFor();

  const png = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  );
  await customer
    .locator('input[type=file]')
    .setInputFiles({ name: 'bill.png', mimeType: 'image/png', buffer: png });
  await customer.getByRole('button', { name: 'Send' }).click();
  await alice.getByRole('img', { name: 'Picture: bill.png' }).waitFor();

  await alice.getByTestId('canned-button').click();
  await alice.getByTestId('canned-option').first().waitFor();
  await alice.keyboard.type('good bye');
  await alice.keyboard.press('Enter');
  const box = alice.getByTestId('message-input');
  assert.match(await box.inputValue(), /Thank you for writing, Ada Lovelace/);
  await alice.getByTestId('send').click();

  await alice.getByTestId('wrapup-task').click();
  await alice.getByTestId('wrapup-notes').fill('Bill of March was doubled.');
  await complete(alice);
  await alice.getByTestId('complete-task').waitFor({ state: 'detached' });
  await customer.getByText('This conversation has ended.').waitFor();

  await customer.getByRole('button', { name: 'More' }).click();
  const [download] = await Promise.all([
    customer.waitForEvent('download'),
    customer.getByRole('menuitem', { name: 'Download the conversation' }).click(),
  ]);
  const text = await readFile(await download.path(), 'utf8');
  assert.match(text, /You: My bill is too high\.\n/);
  assert.match(text, /Good day, I look into it\./);
  for (const page of [alice, customer]) {
    assert.deepEqual(page.errors, []);
    await page.context().close();
  }
});

test('who comes back finds what was said, and a reload loses neither side anything', async () => {
  const alice = await browser.window();
  const customer = await browser.window();
  await logIn(alice, server.url, 'alice');
  await go(alice, 'Available');
  await writeTo(customer, { question: 'Is my bicycle ready?' });
  await accept(alice, 'Is my bicycle ready?');
  await say(alice, 'On Monday.');
  await customer.getByRole('log').getByText('On Monday.').waitFor();

  await customer.reload();
  await customer.getByRole('button', { name: /Open the chat/ }).click();
  await customer.getByRole('log').getByText('On Monday.').waitFor();
  await alice.reload();
  await said(alice, 'Is my bicycle ready?').waitFor();
  await reply(customer, 'Good, thank you.');
  await said(alice, 'Good, thank you.').waitFor();
  await complete(alice);
  await customer.getByText('This conversation has ended.').waitFor();
  await alice.context().close();
  await customer.context().close();
});

test('parked, a conversation sleeps until the customer writes, and comes back to the same agent', async () => {
  const alice = await browser.window();
  const customer = await browser.window();
  await logIn(alice, server.url, 'alice');
  await go(alice, 'Available');
  await writeTo(customer, { question: 'When do you open?' });
  await accept(alice, 'When do you open?');
  await alice.getByTestId('park-task').click();
  await alice.getByTestId('task-canvas').waitFor({ state: 'detached' });
  await reply(customer, 'Hello again?');
  await accept(alice, 'Hello again?');
  await said(alice, 'When do you open?').waitFor();
  await complete(alice);
  await alice.context().close();
  await customer.context().close();
});

test('an agent hands over to a colleague, who sees all of it; the customer sees who comes and goes', async () => {
  const alice = await browser.window();
  const bob = await browser.window();
  const customer = await browser.window();
  await logIn(alice, server.url, 'alice');
  await go(alice, 'Available');
  await writeTo(customer, { question: 'My gear slips.' });
  await accept(alice, 'My gear slips.');
  await logIn(bob, server.url, 'bob');
  await go(bob, 'Available');
  await alice.getByTestId('transfer-task').click();
  await alice.getByTestId('transfer-target').filter({ hasText: 'Bob Brown' }).click();
  await alice.getByTestId('transfer-confirm').click();
  await accept(bob, 'My gear slips.');
  await alice.getByTestId('wrapup-notes').waitFor();
  await complete(alice);
  await alice.getByTestId('task-canvas').waitFor({ state: 'detached' });
  await say(bob, 'Bring it in.');
  await customer.getByRole('log').getByText('Bring it in.').waitFor();
  await customer.getByText('Alice Adams has left').waitFor();
  await complete(bob);
  for (const page of [alice, bob, customer]) await page.context().close();
});

test('a supervisor sees the team and reads along; nobody sees that', async () => {
  const alice = await browser.window();
  const carol = await browser.window();
  const customer = await browser.window();
  await logIn(alice, server.url, 'alice');
  await go(alice, 'Available');
  await writeTo(customer, { name: 'Grace Hopper', question: 'A moth is in it.' });
  await accept(alice, 'A moth is in it.');
  await logIn(carol, server.url, 'carol');
  await carol.getByRole('button', { name: 'Teams' }).click();
  await carol.getByTestId('team-task').filter({ hasText: 'Grace Hopper' }).click();
  await carol.getByTestId('read-along').getByText('A moth is in it.').waitFor();
  await say(alice, 'Take it out.');
  await carol.getByTestId('read-along').getByText('Take it out.').waitFor();
  assert.equal(await customer.getByText('Carol Clarke').count(), 0);
  await carol.getByRole('button', { name: 'Queues' }).click();
  await carol.getByTestId('queue-row').filter({ hasText: 'Everyone' }).waitFor();
  await complete(alice);
  for (const page of [alice, carol, customer]) {
    assert.deepEqual(page.errors, []);
    await page.context().close();
  }
});

test('an agent without the role finds no teams', async () => {
  const bob = await browser.window();
  await logIn(bob, server.url, 'bob');
  assert.equal(await bob.getByRole('button', { name: 'Teams' }).count(), 0);
  await bob.context().close();
});

test('what the customer wrote before stands beside the conversation', async () => {
  const alice = await browser.window();
  const customer = await browser.window();
  await logIn(alice, server.url, 'alice');
  await go(alice, 'Available');
  await writeTo(customer, { question: 'First question.' });
  await accept(alice, 'First question.');
  await complete(alice);
  await customer.getByText('This conversation has ended.').waitFor();
  await customer.getByRole('button', { name: 'Start a new conversation' }).click();
  await customer.getByLabel('Your name').fill('Ada Lovelace');
  await customer.getByLabel('What is it about?').fill('Second question.');
  await customer.getByRole('button', { name: 'Start the chat' }).click();
  await accept(alice, 'Second question.');
  const past = alice.getByTestId('past-conversation').first();
  await past.click();
  await past.getByText('First question.').first().waitFor();
  await complete(alice);
  await alice.context().close();
  await customer.context().close();
});

test('the server is gone in the middle of a chat: what was written then arrives once', async () => {
  const alice = await browser.window();
  const customer = await browser.window();
  await logIn(alice, server.url, 'alice');
  await go(alice, 'Available');
  await writeTo(customer, { question: 'Are you there?' });
  await accept(alice, 'Are you there?');
  await server.kill9();
  await customer.getByText('No connection.', { exact: false }).waitFor();
  await reply(customer, 'Said while nobody heard.');
  await server.restart();
  await said(alice, 'Said while nobody heard.').waitFor();
  await customer.getByRole('log').getByText('Read').waitFor();
  assert.equal(await said(alice, 'Said while nobody heard.').count(), 1);
  await complete(alice);
  await alice.context().close();
  await customer.context().close();
});
