// Clients of Conversations as the server sees them: a socket each, with a token, a subscription and frames. What the official
// client does on the wire, without what it costs in a process that plays thousands of it.

import { randomUUID } from 'node:crypto';
import WebSocket from 'ws';
import { chatToken, frame, parse, request } from '../../test/support/twilsock.mjs';
import { many } from './client.mjs';

const TTL = 12 * 3600;
const BATCH = 100;
const ACKNOWLEDGED = Buffer.from('"method":"notification"');

export class Client {
  #replies = new Map();

  constructor(url, token) {
    this.url = url.replace('http', 'ws');
    this.token = token;
  }

  /** heard: called with the bytes of each notification; an official client acknowledges them, and so does this one. */
  async open(heard = () => {}) {
    this.socket = new WebSocket(`${this.url}/v3/wsconnect`, { perMessageDeflate: false });
    this.socket.on('message', (bytes) => {
      if (bytes.includes(ACKNOWLEDGED)) {
        heard(bytes);
        const id = bytes
          .subarray(bytes.indexOf('"id":"') + 6, bytes.indexOf('","message_type"'))
          .toString();
        this.socket.send(frame({ method: 'reply', id, status: { code: 200, status: 'OK' } }));
        return;
      }
      const message = parse(bytes);
      this.#replies.get(message.id)?.(message);
      this.#replies.delete(message.id);
    });
    await new Promise((resolve, reject) => this.socket.once('open', resolve).once('error', reject));
    const { status } = await this.ask({
      method: 'init',
      token: this.token,
      capabilities: ['client_update'],
      registrations: [
        {
          product: 'ip_messaging',
          message_types: ['twilio.sync.event', 'twilio.ipmsg.typing_indicator'],
        },
      ],
    });
    if (status.code !== 200) throw new Error(`init: ${JSON.stringify(status)}`);
    return this;
  }

  ask(header, payload) {
    const id = `TM${randomUUID()}`;
    this.socket.send(frame({ id, ...header }, payload));
    return new Promise((resolve) => this.#replies.set(id, resolve));
  }

  /** A request to Conversations or Sync; throws unless it succeeds. */
  async http(method, path, body, grant = 'ip_messaging') {
    const reply = await this.ask(request(method, path, grant), body && JSON.stringify(body));
    if (reply.http_status.code >= 300)
      throw new Error(
        `${method} ${path}: ${reply.http_status.code} ${JSON.stringify(reply.payload)}`,
      );
    return reply.payload;
  }

  async subscribe(objects, grant = 'ip_messaging') {
    for (let i = 0; i < objects.length; i += BATCH)
      await this.http(
        'POST',
        '/v4/Subscriptions',
        {
          event_protocol_version: 4,
          action: 'establish',
          correlation_id: Date.now(),
          requests: objects.slice(i, i + BATCH),
        },
        grant,
      );
  }

  close() {
    this.socket.terminate();
  }
}

/** Makes tokens of the account's chat service. */
export async function chatTokens(plugboard, serviceSid) {
  const { server } = plugboard;
  const key = await server.client.newSigningKeys.create({ friendlyName: 'bench' });
  return (identity) => chatToken(server.accountSid, key, { identity, serviceSid, ttl: TTL });
}

/** The three objects of a conversation that its participants watch. */
export const objectsOf = (conversationSid) =>
  Object.entries({ ET: 'document', ES: 'list', MP: 'map' }).map(([prefix, object_type]) => ({
    object_sid: prefix + conversationSid.slice(2),
    object_type,
    last_event_id: 0,
  }));

/** Conversations with so many chat participants each, "user 0", "user 1", …; sids, and the service that they are in. */
export async function makeConversations(plugboard, { conversations, each }) {
  const { pool } = plugboard;
  const post = (path, params) =>
    pool.json('POST', `/conversations/v1/Conversations${path}`, params);
  let service;
  const sids = await many(conversations, 16, async (i) => {
    const made = await post('', { FriendlyName: `talk ${i}` });
    service = made.chat_service_sid;
    for (let k = 0; k < each; k++)
      await post(`/${made.sid}/Participants`, { Identity: `user ${i * each + k}` });
    return made.sid;
  });
  return { sids, service };
}
