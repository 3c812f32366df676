// Somebody in a room of an XMPP server, by its frames over a WebSocket (RFC 7395, XEP-0045): the peer of a client of Conversations.

import WebSocket from 'ws';

const OPEN = '<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="bench" version="1.0"/>';
const ANONYMOUS = '<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="ANONYMOUS"/>';
const BIND = '<iq type="set" id="bind"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>';
const LATE_MS = 10_000;
const JOIN = '<x xmlns="http://jabber.org/protocol/muc"/>';

export class Occupant {
  #own = new Map(); // what it has sent and not yet seen in the room

  constructor(url, room, nick) {
    Object.assign(this, { url, nick, room: `${room}@rooms.bench` });
  }

  /** heard: called with the text of each message of somebody else. */
  async open(heard) {
    this.socket = new WebSocket(this.url, 'xmpp', { perMessageDeflate: false });
    await new Promise((resolve, reject) =>
      this.socket.once('open', resolve).once('error', reject).once('close', reject),
    );
    await this.#say(OPEN, '<stream:features');
    await this.#say(ANONYMOUS, '<success');
    await this.#say(OPEN, '<stream:features');
    await this.#say(BIND, 'type="result"');
    await this.#say(`<presence to="${this.room}/${this.nick}">${JOIN}</presence>`, '<subject');
    const own = `from="${this.room}/${this.nick}"`;
    this.socket.on('message', (bytes) => {
      const text = bytes.latin1Slice().replaceAll("'", '"');
      if (!text.startsWith('<message')) return;
      if (!text.includes(own)) return heard(text);
      const id = / id="(\w+)"/.exec(text)?.[1];
      this.#own.get(id)?.();
      this.#own.delete(id);
    });
    return this;
  }

  #say(stanza, answer) {
    return new Promise((resolve, reject) => {
      const fail = (why) => reject(new Error(`${this.nick} said ${stanza}: ${why}`));
      const closed = () => fail('the connection was closed');
      const late = setTimeout(fail, LATE_MS, 'no answer');
      const hear = (bytes) => {
        const text = bytes.latin1Slice().replaceAll("'", '"');
        if (/<failure|type="error"/.test(text)) fail(text);
        if (!text.includes(answer)) return;
        clearTimeout(late);
        this.socket.off('message', hear).off('close', closed);
        resolve();
      };
      this.socket.on('message', hear).on('close', closed);
      this.socket.send(stanza);
    });
  }

  /** Resolves when the room has passed it on. */
  send(id, content) {
    this.socket.send(`<message to="${this.room}" type="groupchat" id="${id}">${content}</message>`);
    return new Promise((resolve) => this.#own.set(id, resolve));
  }

  close() {
    this.socket.terminate();
  }
}
