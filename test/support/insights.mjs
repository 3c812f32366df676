// A supervisor's or an agent's screen: a client of Sync with Flex's own grant.
//
//     const screens = await startScreens(server);
//     const query = await screens.open(centre).liveQuery('tr-worker', 'data.activity_name == "Available"');
//     ...
//     await screens.close();

import twilio from 'twilio';
import { SyncClient } from 'twilio-sync';
import { hostsOf } from './chat.mjs';

const { AccessToken } = twilio.jwt;

/** The helper library has no class for it. */
export class InsightsGrant {
  key = 'flex_insights';
  constructor(workspaceSid) {
    this.workspaceSid = workspaceSid;
  }
  toPayload() {
    return { service_sid: `${this.workspaceSid}.insights` };
  }
}

/** A token of somebody who looks; an agent's names the worker. key: {sid, secret} of an API key. */
export function screenToken(
  accountSid,
  key,
  workspaceSid,
  identity,
  { role = 'supervisor', workerSid, grants, ttl = 3600 } = {},
) {
  const token = new AccessToken(accountSid, key.sid, key.secret, { identity, ttl });
  token.addGrant(new AccessToken.TaskRouterGrant({ workspaceSid, workerSid, role }));
  for (const grant of grants ?? [new InsightsGrant(workspaceSid)]) token.addGrant(grant);
  return token.toJwt();
}

class Screens {
  #clients = new Set();
  #turned = 0;

  constructor(server, key) {
    Object.assign(this, { server, key });
  }

  /** Turns the server's clock, and knows how long a token must live from then on. */
  async turn(seconds) {
    await this.server.turnClock(seconds * 1000);
    this.#turned += seconds;
  }

  token(centre, identity, options) {
    const ttl = 3600 + this.#turned;
    const { accountSid } = this.server;
    return screenToken(accountSid, this.key, centre.sid, identity, { ttl, ...options });
  }

  open(centre, identity = 'sue', options) {
    const client = new SyncClient(this.token(centre, identity, options), {
      productId: 'flex_insights',
      ...hostsOf(this.server),
    });
    this.#clients.add(client);
    return client;
  }

  async close() {
    for (const client of this.#clients) await client.shutdown();
    this.#clients.clear();
  }
}

export async function startScreens(server) {
  return new Screens(
    server,
    await server.client.newSigningKeys.create({ friendlyName: 'screens' }),
  );
}
