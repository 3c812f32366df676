// Agents as the server sees them: a socket each on the event bridge, and requests in its envelope, with the token of their
// worker. What the official SDK does on the wire, without what it costs in a process that plays a thousand of them.

import WebSocket from 'ws';
import { workerToken } from '../../test/support/worker.mjs';
import { many } from './client.mjs';
import { sleep } from './machine.mjs';

const BRIDGE = '/event-bridge/v1/wschannels';
const SDK =
  'Content-Type: application/x-www-form-urlencoded\r\nclientVersion: 2.1.1\r\napiVersion: ';
const HELD_BACK_MS = 400; // the server keeps a new socket's events until its lists are loaded, and a moment more
const AT_A_TIME = 32;

export class Agent {
  constructor(pool, workspaceSid, workerSid, token) {
    Object.assign(this, { pool, workspaceSid, workerSid, token });
  }

  /** frame: called with the text of each frame. */
  async open(frame = () => {}) {
    const query = `token=${this.token}&closeExistingSessions=false&clientVersion=2.1.1`;
    const { host } = this.pool.url;
    this.socket = new WebSocket(`ws://${host}${BRIDGE}?${query}`, { perMessageDeflate: false });
    await new Promise((resolve, reject) => {
      this.socket.on('error', reject);
      this.socket.once('message', resolve); // "init"
    });
    this.socket.on('message', (data) => frame(data.toString('latin1')));
    await this.ask('GET', `Workers/${this.workerSid}/Reservations`, { Active: 'true' }, 'v2');
  }

  /** A request in the envelope; throws unless it succeeds. */
  async ask(method, path, params, version = 'v1') {
    const url = `Workspaces/${this.workspaceSid}/${path}`;
    const envelope = JSON.stringify({ url, method, params, token: this.token });
    const answer = await this.pool.request('POST', BRIDGE, envelope, SDK + version);
    if (answer.status !== 200)
      throw new Error(`${method} ${path}: ${answer.status} ${answer.body.slice(0, 300)}`);
    return answer.body;
  }

  close() {
    this.socket.terminate();
  }
}

/** An agent for each worker, open and ready. frame(agent, text) */
export async function openAgents(plugboard, centre, workerSids, frame) {
  plugboard.key ??= await plugboard.server.client.newSigningKeys.create({ friendlyName: 'bench' });
  const agents = await many(workerSids.length, AT_A_TIME, async (i) => {
    const workerSid = workerSids[i];
    const ids = { workspaceSid: centre.sid, workerSid };
    const token = workerToken(plugboard.server.accountSid, plugboard.key, ids);
    const agent = new Agent(plugboard.pool, centre.sid, workerSid, token);
    await agent.open(frame && ((text) => frame(agent, text)));
    return agent;
  });
  await sleep(HELD_BACK_MS);
  return agents;
}
