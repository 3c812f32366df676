// Real windows: Debian's Chromium, driven by playwright-core. An agent and a customer never share a window.
import { chromium } from 'playwright-core';

const quiet = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** {window(), close()}: each window is somebody else's: own cookies, own storage. Errors of its page are kept in window.errors. */
export async function openBrowser() {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: quiet,
  });
  return {
    async window(options = {}) {
      const context = await browser.newContext({
        viewport: { width: 1280, height: 720 },
        ...options,
      });
      const page = await context.newPage();
      page.errors = [];
      page.on('pageerror', (error) => page.errors.push(error.message));
      page.on('console', (message) => {
        if (message.type() === 'error' && /Content Security Policy|Uncaught/.test(message.text()))
          page.errors.push(message.text());
      });
      return page;
    },
    close: () => browser.close(),
  };
}

const at = (page, id) => page.getByTestId(id);

export async function logIn(page, url, username, password = 'plugboard') {
  await page.goto(url);
  await at(page, 'login-username').fill(username);
  await at(page, 'login-password').fill(password);
  await at(page, 'login-submit').click();
  await at(page, 'activity-button').waitFor();
}

export async function go(page, activity) {
  await at(page, 'activity-button').click();
  await at(page, `activity-option-${activity}`).click();
  await at(page, 'activity-button').filter({ hasText: activity }).waitFor();
}
