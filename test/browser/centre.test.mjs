// What README promises: two agents and a customer, each in a window, and the request reaches the right one.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
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

const billing = {
  name: 'Ms Doe',
  phone: '+49 30 1234567',
  topic: 'billing',
  message: 'My bill is too high.',
};
const support = {
  name: 'Mr Roe',
  phone: '+49 30 7654321',
  topic: 'support',
  message: 'It does not start.',
};

// Demo forms refuse what comes faster than a person types; the test turns the server's clock on.
const fillIn = async (page, request) => {
  await page.goto(`${server.url}/contact/`);
  await page.getByTestId('contact-name').waitFor();
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 900)));
  await page.getByTestId('contact-name').fill(request.name);
  await page.getByTestId('contact-phone').fill(request.phone);
  await page.getByTestId('contact-topic').selectOption(request.topic);
  await page.getByTestId('contact-message').fill(request.message);
  await page.getByTestId('contact-submit').click();
};

test('a customer asks to be called; the agent who has the skill is rung, accepts, wraps up and completes', async () => {
  const alice = await browser.window();
  const bob = await browser.window();
  const customer = await browser.window();
  await logIn(alice, server.url, 'alice');
  await logIn(bob, server.url, 'bob');
  await go(alice, 'Available');
  await go(bob, 'Available');

  await fillIn(customer, billing);
  await customer.getByTestId('contact-sent').waitFor();
  await alice.getByTestId('incoming-task').waitFor();
  assert.equal(await bob.getByTestId('incoming-task').count(), 0);
  await alice.getByTestId('accept-task').first().click();
  const canvas = alice.getByTestId('task-canvas');
  await canvas.getByText('My bill is too high.').first().waitFor();
  await canvas.getByText('Ms Doe').first().waitFor();

  await fillIn(customer, support);
  await bob.getByTestId('incoming-task').waitFor();
  assert.equal(await alice.getByTestId('incoming-task').count(), 0);

  await alice.getByTestId('wrapup-task').click();
  await alice.getByTestId('complete-task').click();
  await alice.getByTestId('complete-task').waitFor({ state: 'detached' });
  const [workspace] = await server.client.taskrouter.v1.workspaces.list();
  const done = await server.client.taskrouter.v1
    .workspaces(workspace.sid)
    .tasks.list({ assignmentStatus: ['completed'] });
  assert.equal(done.length, 1);
  assert.equal(JSON.parse(done[0].attributes).name, 'Ms Doe');

  await bob.getByTestId('accept-task').first().click();
  await bob.getByTestId('complete-task').click();
  await bob.getByTestId('complete-task').waitFor({ state: 'detached' });
  for (const page of [alice, bob, customer]) {
    assert.deepEqual(page.errors, []);
    await page.context().close();
  }
});

test('wrong password: said so, and nothing else', async () => {
  const page = await browser.window();
  await page.goto(server.url);
  await page.getByTestId('login-username').fill('alice');
  await page.getByTestId('login-password').fill('guess');
  await page.getByTestId('login-submit').click();
  await page.getByRole('alert').waitFor();
  assert.equal(await page.getByTestId('activity-button').count(), 0);
  await page.context().close();
});

test('keyboard alone: log in, go Available, accept', async () => {
  const page = await browser.window();
  await page.goto(server.url);
  await page.getByTestId('login-username').focus();
  await page.keyboard.type('carol');
  await page.keyboard.press('Tab');
  await page.keyboard.type('plugboard');
  await page.keyboard.press('Enter');
  await page.getByTestId('activity-button').waitFor();
  await page.getByTestId('activity-button').focus();
  await page.keyboard.press('Enter');
  await page.getByTestId('activity-option-Available').focus();
  await page.keyboard.press('Enter');
  await page.getByTestId('activity-button').filter({ hasText: 'Available' }).waitFor();
  const customer = await browser.window();
  await fillIn(customer, { ...billing, topic: 'sales' });
  await customer.getByTestId('contact-sent').waitFor();
  await page.getByTestId('incoming-task').waitFor();
  await page.keyboard.press('Control+Shift+A');
  await page.getByTestId('task-canvas').getByText('Ms Doe').first().waitFor();
  await customer.context().close();
  await page.context().close();
});

test('the server is gone and comes back: the banner says so, and work goes on', async () => {
  const page = await browser.window();
  await logIn(page, server.url, 'alice');
  await go(page, 'Available');
  await server.restart();
  await page.getByTestId('connection-banner').waitFor();
  await page.getByTestId('connection-banner').waitFor({ state: 'detached', timeout: 60_000 });
  const customer = await browser.window();
  await fillIn(customer, { ...billing, name: 'Mrs Back' });
  await page.getByTestId('incoming-task').getByText('Mrs Back').first().waitFor();
  await customer.context().close();
  await page.context().close();
});
