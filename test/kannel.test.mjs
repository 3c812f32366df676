// SMS through Kannel, as Debian has it: its bearerbox and smsbox, and a centre that only pretends (fakesmsc).

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startServer } from './support/server.mjs';
import { startWebhooks } from './support/webhook.mjs';

const programs = {
  bearerbox: '/usr/sbin/bearerbox',
  smsbox: '/usr/sbin/smsbox',
  fakesmsc: '/usr/lib/kannel/test/fakesmsc',
};
const missing = Object.values(programs).filter((file) => !existsSync(file));
const skip = missing.length
  ? `${missing.join(', ')} not there: packages kannel and kannel-extras`
  : false;

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** Until somebody listens there. */
async function listening(port) {
  for (;;) {
    const there = await new Promise((resolve) => {
      const socket = createConnection(port, '127.0.0.1', () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(false));
    });
    if (there) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

class Kannel {
  #children = [];

  async choosePorts() {
    this.folder = await mkdtemp(path.join(tmpdir(), 'kannel-'));
    this.ports = {};
    for (const name of ['admin', 'smsbox', 'sendsms', 'centre'])
      this.ports[name] = await freePort();
    this.file = path.join(this.folder, 'kannel.conf');
  }

  async #configure(getUrl) {
    const { admin, smsbox, sendsms, centre } = this.ports;
    const groups = [
      {
        group: 'core',
        'admin-port': admin,
        'admin-password': 'x',
        'smsbox-port': smsbox,
        'box-allow-ip': '127.0.0.1',
      },
      { group: 'smsc', smsc: 'fake', port: centre, 'connect-allow-ip': '127.0.0.1' },
      { group: 'smsbox', 'bearerbox-host': '127.0.0.1', 'sendsms-port': sendsms },
      {
        group: 'sendsms-user',
        username: 'plugboard',
        password: 'kannel',
        'max-messages': 3,
        concatenation: 'true',
      },
      { group: 'sms-service', keyword: 'default', 'get-url': `"${getUrl}"`, 'max-messages': 0 },
    ];
    const text = groups.map((g) =>
      Object.entries(g)
        .map((pair) => pair.join(' = '))
        .join('\n'),
    );
    await writeFile(this.file, text.join('\n\n') + '\n');
  }

  /** getUrl: where messages that come in are brought. */
  async start(getUrl) {
    await this.#configure(getUrl);
    this.#run(programs.bearerbox, ['-v', '4', this.file]);
    await listening(this.ports.smsbox);
    this.#run(programs.smsbox, ['-v', '4', this.file]);
    await listening(this.ports.sendsms);
  }

  /** A telephone: writes this message once, and keeps what comes. */
  telephone(from, to, words) {
    const child = this.#run(programs.fakesmsc, [
      '-H',
      '127.0.0.1',
      '-r',
      `${this.ports.centre}`,
      '-m',
      '1',
      '-i',
      '1',
      `${from} ${to} text ${words}`,
    ]);
    const all = () => child.log;
    return {
      async until(words) {
        while (!words.test(all()))
          await new Promise((resolve) => child.stderr.once('data', resolve));
      },
    };
  }

  #run(program, args) {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    child.log = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('latin1').on('data', (text) => (child.log += text));
    this.#children.push(child);
    return child;
  }

  async stop() {
    for (const child of this.#children.splice(0).reverse()) {
      const end = new Promise((resolve) => child.once('close', resolve));
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await end;
      }
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}

describe('Kannel', { skip }, () => {
  const desk = '+49301234567';
  const mobile = '+491511234567';
  let server, hooks, kannel, api, carrier;

  before(async () => {
    server = await startServer();
    hooks = await startWebhooks({ authToken: server.authToken });
    kannel = new Kannel();
    await kannel.choosePorts();
    const make = async (where, form) =>
      (await server.fetch(`/plugboard/v1/${where}`, { form })).json();
    carrier = await make('Carriers', {
      Type: 'kannel',
      CarrierUrl: `http://127.0.0.1:${kannel.ports.sendsms}/cgi-bin/sendsms`,
      Username: 'plugboard',
      Secret: 'kannel',
    });
    await make('Senders', { Address: desk, CarrierSid: carrier.sid });
    await kannel.start(carrier.inbound_url);
    api = server.client.conversations.v1;
    await api.addressConfigurations.create({
      type: 'sms',
      address: desk,
      'autoCreation.enabled': true,
    });
    await api.configuration.webhooks().update({
      postWebhookUrl: hooks.url('/'),
      filters: ['onMessageAdded', 'onDeliveryUpdated'],
    });
  });
  after(async () => {
    await kannel?.stop();
    await hooks?.stop();
    await server?.stop();
  });

  const status = async (word) =>
    (
      await hooks.next(
        (r) => r.params.EventType === 'onDeliveryUpdated' && r.params.Status === word,
      )
    ).params;
  let telephone, conversation;

  test('a telephone writes, and is answered', async () => {
    telephone = kannel.telephone(mobile.slice(1), desk.slice(1), 'Hello from a telephone');
    const added = (await hooks.next((r) => r.params.EventType === 'onMessageAdded')).params;
    assert.deepEqual(
      [added.Body, added.Author, added.Source],
      ['Hello from a telephone', mobile, 'SMS'],
    );
    conversation = api.conversations(added.ConversationSid);
    const said = await conversation.messages.create({ body: 'Good morning', author: 'agent' });
    assert.equal((await status('sent')).MessageSid, said.sid, 'the centre has it');
    await telephone.until(/text Good morning/);
  });

  test('what becomes of it later is reported by GET', async () => {
    const [m] = await server.client.messages.list({ to: mobile });
    const report = async (bits, secret = 'kannel') => {
      const pass = createHmac('sha256', secret).update(m.sid).digest('hex');
      const query = new URLSearchParams({ id: m.sid, pass, status: bits });
      const answer = await server.fetch(`${new URL(carrier.status_url).pathname}?${query}`, {
        auth: null,
      });
      return answer.status;
    };
    assert.equal(await report(1, 'guess'), 403);
    assert.equal(await report(1), 200);
    assert.equal((await status('delivered')).ChannelMessageSid, m.sid);
    assert.equal(await report(8), 200, 'news that comes late');
    assert.equal((await server.client.messages(m.sid).fetch()).status, 'delivered');
  });

  test('what is not ASCII comes over as it was written', async () => {
    await conversation.messages.create({ body: 'Grüße, до свидания', author: 'agent' });
    await status('sent');
    await telephone.until(/ucs-2 %00G%00r%00%FC%00%DF%00e%00%2C%00\+%044/);
  });

  test('who does not know the pass is refused', async () => {
    const where = new URL(carrier.inbound_url).pathname;
    const query = new URLSearchParams({
      pass: 'guess',
      id: '1',
      from: mobile,
      to: desk,
      text: 'forged',
    });
    assert.equal((await server.fetch(`${where}?${query}`, { auth: null })).status, 403);
  });
});
