// A person in a conversation, as the official SDK (@twilio/conversations, 2.6 or 3.x) has one: a Client with a token of its own.
//
//     const chat = await startChat(server);                       // a service, and a key that signs tokens
//     const ada = await chat.client(Conversations3, 'ada');
//     const conversation = await ada.createConversation({ friendlyName: 'Help' });
//     ...
//     await chat.end();

import { once } from 'node:events';
import twilio from 'twilio';

const { AccessToken } = twilio.jwt;

/** Node has no XMLHttpRequest, by which the SDK sends and fetches files; this one has what it asks for. */
class Request {
  #headers = {};
  #answer;

  open(method, url) {
    this.method = method;
    this.url = url;
  }
  setRequestHeader(name, value) {
    this.#headers[name] = value;
  }
  getResponseHeader(name) {
    return this.#answer?.headers.get(name) ?? null;
  }
  getAllResponseHeaders() {
    return [...(this.#answer?.headers ?? [])].map(([k, v]) => `${k}: ${v}`).join('\r\n');
  }
  abort() {}
  async send(body) {
    try {
      const { method, url } = this;
      this.#answer = await fetch(url, { method, headers: this.#headers, body });
      this.responseText = await this.#answer.text();
      this.status = this.#answer.status;
    } catch {
      this.responseText = '';
      this.status = 0;
    }
    this.readyState = 4;
    this.onreadystatechange();
  }
}
globalThis.XMLHttpRequest ??= Request;

/** Resolves with the first event of that name for which `wanted` holds; fails after ten seconds, and says for what it waited. */
export function heard(emitter, name, wanted = () => true, timeout = 10_000) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      emitter.off(name, hear);
      reject(new Error(`no ${name} within ${timeout} ms`));
    }, timeout);
    const hear = (value) => {
      if (!wanted(value)) return;
      clearTimeout(timer);
      emitter.off(name, hear);
      resolve(value);
    };
    emitter.on(name, hear);
  });
}

/** Where the SDK finds this server in Twilio's place. */
export const hostsOf = (server) => ({
  Twilsock: { uri: `${server.url.replace(/^http/, 'ws')}/tsock/v3/wsconnect` },
  cdsUri: `${server.url}/cds`,
  apiUri: `${server.url}/aim`,
  notifications: { ersUrl: `${server.url}/ers/v1/registrations` },
  logLevel: 'silent',
});

class Chat {
  #clients = [];

  constructor(server, service, key) {
    Object.assign(this, { server, service, key });
  }

  token(identity, { ttl = 3600, serviceSid = this.service.sid, ...grant } = {}) {
    const { accountSid } = this.server;
    const token = new AccessToken(accountSid, this.key.sid, this.key.secret, { identity, ttl });
    token.addGrant(new AccessToken.ChatGrant({ serviceSid, ...grant }));
    return token.toJwt();
  }

  /** The SDK's Client, started. */
  async client({ Client }, identity, options) {
    const client = new Client(this.token(identity, options), hostsOf(this.server));
    this.#clients.push(client);
    const [state, error] = await Promise.race([
      once(client, 'initialized').then(() => ['initialized']),
      once(client, 'initFailed').then(([failure]) => ['failed', failure?.error]),
    ]);
    if (state === 'failed') throw new Error(`${identity}: ${error?.message ?? 'no client'}`);
    return client;
  }

  /** Clients would keep the process, and come back for ever. */
  async end() {
    await Promise.all(this.#clients.splice(0).map((client) => client.shutdown()));
  }
}

/** A service of its own, or the one given, and tokens for it. */
export async function startChat(server, { service } = {}) {
  const { conversations, newSigningKeys } = server.client;
  const key = await newSigningKeys.create({ friendlyName: 'people in conversations' });
  return new Chat(
    server,
    service ?? (await conversations.v1.services.create({ friendlyName: 'Chat' })),
    key,
  );
}
