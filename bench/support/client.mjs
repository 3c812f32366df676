// A lean HTTP/1.1 client, so that the load takes as little as possible of the two cores that it shares with the server:
// kept-alive connections, one request at a time on each, whole answers with a Content-Length. Node's own client costs
// about four times as much.

import net from 'node:net';

const FORM = 'Content-Type: application/x-www-form-urlencoded';

class Connection {
  #socket;
  #received = '';
  #waiting = null;
  #pool;

  constructor(pool) {
    this.#pool = pool;
    this.#open();
  }

  #open() {
    const { hostname, port } = this.#pool.url;
    this.#received = '';
    this.#socket = net
      .connect({ host: hostname, port, noDelay: true })
      .setEncoding('latin1')
      .on('data', (text) => this.#take(text))
      .on('error', () => {})
      .on('close', () => {
        this.#waiting?.reject(new Error('the connection was closed'));
        this.#waiting = null;
        this.closed = true;
      });
    this.closed = false;
  }

  send(request) {
    if (this.closed) this.#open();
    this.#waiting = request;
    this.#socket.write(request.bytes);
  }

  #take(text) {
    this.#received += text;
    const head = this.#received.indexOf('\r\n\r\n');
    if (head < 0 || !this.#waiting) return;
    const length = /\r\ncontent-length: *(\d+)/i.exec(this.#received.slice(0, head));
    const end = head + 4 + (length ? Number(length[1]) : 0);
    if (this.#received.length < end) return;
    const { resolve } = this.#waiting;
    const status = Number(this.#received.slice(9, 12));
    const body = this.#received.slice(head + 4, end);
    this.#received = this.#received.slice(end);
    this.#waiting = null;
    this.#pool.free(this);
    resolve({ status, body });
  }

  end() {
    this.#socket.destroy();
  }
}

export class Pool {
  #idle = [];
  #queue = [];
  #first = 0; // of #queue: shift() of a long array is slow

  /** auth: [user, password], or null. */
  constructor(url, { connections = 64, auth = null } = {}) {
    this.url = new URL(url);
    const lines = [`Host: ${this.url.host}`];
    if (auth) lines.push(`Authorization: Basic ${Buffer.from(auth.join(':')).toString('base64')}`);
    this.head = lines.join('\r\n');
    this.#idle = Array.from({ length: connections }, () => new Connection(this));
    this.all = [...this.#idle];
  }

  /** Resolves with {status, body} whatever the status; ASCII only. headers: lines, without the last line's end. */
  request(method, path, body = '', headers = FORM) {
    const content = body ? `\r\n${headers}\r\nContent-Length: ${body.length}` : '';
    const bytes = `${method} ${path} HTTP/1.1\r\n${this.head}${content}\r\n\r\n${body}`;
    return new Promise((resolve, reject) => {
      const request = { bytes, resolve, reject };
      const connection = this.#idle.pop();
      if (connection) connection.send(request);
      else this.#queue.push(request);
    });
  }

  /** The answer's JSON; anything but success throws. */
  async json(method, path, params) {
    const answer = await this.request(method, path, params ? form(params) : '');
    if (answer.status < 200 || answer.status > 299)
      throw new Error(`${method} ${path}: ${answer.status} ${answer.body.slice(0, 300)}`);
    return answer.body ? JSON.parse(answer.body) : null;
  }

  free(connection) {
    if (this.#first === this.#queue.length) {
      this.#idle.push(connection);
      return;
    }
    const next = this.#queue[this.#first];
    this.#queue[this.#first++] = null;
    if (this.#first === this.#queue.length) {
      this.#queue = [];
      this.#first = 0;
    }
    connection.send(next);
  }

  close() {
    this.all.forEach((connection) => connection.end());
  }
}

export const form = (params) => new URLSearchParams(params).toString();

/** Runs `once(i)` for i in 0…n-1, so many at a time. */
export async function many(n, atATime, once) {
  let next = 0;
  const results = new Array(n);
  const one = async () => {
    while (next < n) {
      const i = next++;
      results[i] = await once(i);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atATime, n) }, one));
  return results;
}
