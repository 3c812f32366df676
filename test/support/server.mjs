// A real server for a dialogue: on a free port, with a data folder of its own, and the official client pointed at it.
//
//     const server = await startServer();
//     after(() => server.stop());
//     const workspace = await server.client.taskrouter.v1.workspaces.create({ friendlyName: 'Berlin' });
//
// The binary is PLUGBOARD_BIN (./dev test sets it to the build with sanitizers). By default the clock is one that the test
// turns, so no test waits for a timeout: `await server.turnClock(30_000)`.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import twilio from 'twilio';
import { connectWorker, retireWorker } from './worker.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const binary = process.env.PLUGBOARD_BIN ?? path.join(root, 'build/test/src/plugboard');

/** Where the built desktop and contact form are: what `--web` takes. */
export const webFolder = path.join(root, 'web');

// A server under sanitizers on a busy machine is slow to start and to stop; these only end a test that hangs.
const START_MS = 60_000;
const STOP_MS = 60_000;
const LOG_KEPT = 64 * 1024;

const hex = (bytes) => randomBytes(bytes).toString('hex');

// Whatever happens to a test file, no server outlives it.
const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** The official client with every product under `url`: `client.taskrouter` speaks to `url + '/taskrouter'`. */
export function clientFor(url, username, password, options = {}) {
  const client = twilio(username, password, options);
  for (let level = client; level !== Object.prototype; level = Object.getPrototypeOf(level)) {
    for (const name of Object.getOwnPropertyNames(level)) {
      const label = /^https:\/\/([\w-]+)\.twilio\.com$/.exec(client[name]?.baseUrl ?? '')?.[1];
      if (label) client[name].baseUrl = `${url}/${label}`;
    }
  }
  return client;
}

class Server {
  #options;
  #child;
  #exit;
  #log = '';
  #workers = [];
  #signingKey;

  constructor(options) {
    this.#options = options;
    this.accountSid = options.env.TWILIO_ACCOUNT_SID;
    this.authToken = options.env.TWILIO_AUTH_TOKEN;
    this.data = options.data;
  }

  /** What the server wrote to stderr, its newest 64 KiB. */
  get log() {
    return this.#log;
  }

  async start(listen = '127.0.0.1:0') {
    const { args, clock, env } = this.#options;
    const options = [
      'serve',
      '--data',
      this.data,
      '--listen',
      listen,
      ...(clock ? ['--clock', clock] : []),
      ...args,
    ];
    const child = spawn(binary, options, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(child);
    this.#child = child;
    this.#exit = new Promise((resolve) => {
      child.on('error', (error) => resolve({ error }));
      child.on('close', (code, signal) => resolve({ code, signal }));
    }).finally(() => running.delete(child));
    child.stderr
      .setEncoding('utf8')
      .on('data', (text) => (this.#log = (this.#log + text).slice(-LOG_KEPT)));

    const address = new Promise((resolve) => {
      let said = '';
      child.stdout.setEncoding('utf8').on('data', (text) => {
        said = (said + text).slice(-LOG_KEPT);
        const found = /listening on (https?:\/\/\S+)/.exec(said);
        if (found) resolve({ url: found[1] });
      });
    });
    const answer = await within(START_MS, Promise.race([address, this.#exit]));
    if (!answer?.url) {
      child.kill('SIGKILL');
      throw new Error(
        `${binary} did not start: ${JSON.stringify(answer ?? 'no address')}\n${this.#log}`,
      );
    }
    this.url = answer.url.replace(/\/$/, '');
    this.client = clientFor(this.url, this.accountSid, this.authToken);
    return this;
  }

  /** A request without the official client: for what that client cannot say. Relative to the server's root. */
  fetch(
    where,
    { form, json, headers = {}, auth = [this.accountSid, this.authToken], ...more } = {},
  ) {
    const all = new Headers(headers);
    if (auth) all.set('Authorization', `Basic ${Buffer.from(auth.join(':')).toString('base64')}`);
    if (json !== undefined) all.set('Content-Type', 'application/json');
    const body = form
      ? new URLSearchParams(form)
      : json !== undefined
        ? JSON.stringify(json)
        : more.body;
    return fetch(this.url + where, { method: body ? 'POST' : 'GET', ...more, headers: all, body });
  }

  /** Lets `ms` of the server's time go by: what falls due in it has happened when this returns. */
  async turnClock(ms) {
    const answer = await this.fetch('/test/clock', { form: { By: ms } });
    assert.equal(answer.status, 200, `the clock: ${await answer.text()}`);
  }

  /** The official worker SDK, signed in and ready; see worker.mjs. */
  async worker(options) {
    this.#signingKey ??= await this.client.newSigningKeys.create({
      friendlyName: 'workers of a test',
    });
    const worker = await connectWorker(this, this.#signingKey, options);
    this.#workers.push(worker);
    return worker;
  }

  /** The end as an operator wants it. Also the end of the test: sanitizers report through the exit code. */
  async stop() {
    this.#workers.splice(0).forEach(retireWorker);
    try {
      await this.#end();
    } finally {
      await rm(this.data, { recursive: true, force: true });
    }
  }

  /** The power goes: nothing is said and nothing is flushed. */
  async kill9() {
    this.#child.kill('SIGKILL');
    await this.#exit;
  }

  /** Again, on the same data and the same address; after kill9(), or in good order. */
  async restart() {
    if (running.has(this.#child)) await this.#end();
    return this.start(new URL(this.url).host);
  }

  async #end() {
    if (!running.has(this.#child)) return;
    this.#child.kill('SIGTERM');
    const end = await within(STOP_MS, this.#exit);
    if (!end) this.#child.kill('SIGKILL');
    assert.deepEqual(end, { code: 0, signal: null }, `the server did not stop well\n${this.#log}`);
  }
}

/** What the promise gives, or undefined when `ms` have gone by first. */
async function within(ms, promise) {
  let timer;
  const late = new Promise((resolve) => (timer = setTimeout(resolve, ms)));
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Starts a server. args: more options of `plugboard serve`; clock: 'test', or null for the real one; env: beside ours. */
export async function startServer({ args = [], clock = 'test', env = {} } = {}) {
  const data = await mkdtemp(path.join(tmpdir(), 'plugboard-'));
  const credentials = { TWILIO_ACCOUNT_SID: `AC${hex(16)}`, TWILIO_AUTH_TOKEN: hex(16) };
  const server = new Server({ args, clock, data, env: { ...credentials, ...env } });
  try {
    return await server.start();
  } catch (error) {
    await rm(data, { recursive: true, force: true });
    throw error;
  }
}
