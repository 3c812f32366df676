// What a machine can see of WCAG 2.2 AA, in every state that a customer or an agent meets, light and dark.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { go, logIn, openBrowser } from '../support/browser.mjs';
import { startServer, webFolder } from '../support/server.mjs';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

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

// The examiner is a script of ours on the page, which its policy would refuse.
const window = (options) =>
  browser.window({ bypassCSP: true, reducedMotion: 'reduce', ...options });

const sound = async (page, state) => {
  await page.evaluate(axe);
  const violations = await page.evaluate(async (runOnly) => {
    const found = await globalThis.axe.run(document, { runOnly });
    return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0].target.join(' ')}`);
  }, rules);
  assert.deepEqual(violations, [], state);
};

for (const colorScheme of ['light', 'dark']) {
  test(`a customer's window, ${colorScheme}; an agent's and a supervisor's desktop`, async () => {
    await server.turnClock(120_000);
    const alice = await window({ viewport: { width: 1440, height: 860 } });
    const customer = await window({ colorScheme });
    await logIn(alice, server.url, 'alice');
    await sound(alice, 'nothing to do');
    await go(alice, 'Available');
    await customer.goto(`${server.url}/webchat/`);
    await customer.getByRole('button', { name: 'Open the chat' }).click();
    await customer.getByLabel('Your name').waitFor();
    await sound(customer, 'the form');
    await customer.getByRole('button', { name: 'Start the chat' }).click();
    await sound(customer, 'the form, with faults');
    await customer.getByLabel('Your name').fill('Ada Lovelace');
    await customer.getByLabel('What is it about?').fill('My bill is too high.');
    await customer.getByRole('button', { name: 'Start the chat' }).click();
    await alice.getByTestId('incoming-task').first().waitFor();
    await sound(alice, 'an offer');
    await alice.getByTestId('accept-task').first().click();
    await alice.getByTestId('message').first().waitFor();
    await alice.getByTestId('message-input').fill('Good day');
    await alice.getByTestId('send').click();
    await customer.getByRole('log').getByText('Good day').waitFor();
    await sound(customer, 'the conversation');
    await customer.getByRole('button', { name: 'Choose an emoji' }).click();
    await sound(customer, 'emoji');
    await sound(alice, 'the canvas');
    await alice.getByTestId('canned-button').click();
    await alice.getByTestId('canned-option').first().waitFor();
    await sound(alice, 'canned responses');
    await alice.keyboard.press('Escape');

    const carol = await window({ viewport: { width: 1440, height: 860 } });
    await logIn(carol, server.url, 'carol');
    await carol.getByRole('button', { name: 'Teams' }).click();
    await carol.getByTestId('team-task').first().click();
    await carol.getByTestId('read-along').getByText('Good day').waitFor();
    await sound(carol, 'teams, reading along');
    await carol.getByRole('button', { name: 'Queues' }).click();
    await carol.getByTestId('waiting').first().waitFor();
    await sound(carol, 'queues');

    await alice.getByTestId('wrapup-task').click();
    await alice.getByTestId('wrapup-notes').waitFor();
    await sound(alice, 'wrap-up');
    await alice.getByTestId('complete-task').click();
    await customer.getByText('This conversation has ended.').waitFor();
    await sound(customer, 'the end');
    for (const page of [alice, carol, customer]) await page.context().close();
  });
}
