// An agent, as the official SDK (twilio-taskrouter) sees one: a Worker with a token of its own and an open socket.
//
//     const alice = await server.worker({ workspaceSid, workerSid, connectActivitySid: available.sid });
//     const offered = nextEvent(alice, 'reservationCreated');
//     ...
//     const reservation = await offered;

import { once } from 'node:events';
import twilio from 'twilio';
import taskrouter from 'twilio-taskrouter';

const { AccessToken } = twilio.jwt;

/** The next event of an emitter; a test that waits in vain fails after ten seconds and says for what. */
export async function nextEvent(emitter, name, timeout = 10_000) {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), timeout);
  try {
    const [value] = await once(emitter, name, { signal: late.signal });
    return value;
  } catch (error) {
    throw late.signal.aborted ? new Error(`no ${name} within ${timeout} ms`) : error;
  } finally {
    clearTimeout(timer);
  }
}

/** A token for one worker. key: {sid, secret} of an API key. */
export function workerToken(
  accountSid,
  key,
  { workspaceSid, workerSid, role = 'worker', ttl = 3600 },
) {
  const token = new AccessToken(accountSid, key.sid, key.secret, { identity: workerSid, ttl });
  token.addGrant(new AccessToken.TaskRouterGrant({ workspaceSid, workerSid, role }));
  return token.toJwt();
}

/** Opens the SDK's Worker (or Supervisor, for role 'supervisor') against a server; more options go to the SDK. */
export async function connectWorker(
  server,
  key,
  { workspaceSid, workerSid, role, ttl, ...options },
) {
  const token = workerToken(server.accountSid, key, { workspaceSid, workerSid, role, ttl });
  const Kind = role === 'supervisor' ? taskrouter.Supervisor : taskrouter.Worker;
  const address = `${server.url}/event-bridge/v1/wschannels`;
  const worker = new Kind(token, {
    ebServer: address,
    wsServer: address.replace(/^http/, 'ws'),
    logLevel: 'silent',
    ...options,
  });
  await nextEvent(worker, 'ready');
  return worker;
}

/** The end of a worker. disconnect() alone leaves timers that would keep the test's process for as long as the token lives, and
 *  one that is waiting to connect again would do so for ever. */
export function retireWorker(worker) {
  const signaling = worker._signaling;
  worker.disconnect();
  signaling.createWebSocket = () => {};
  clearTimeout(signaling.tokenTimer);
  clearInterval(signaling._heartbeat.pintvl);
}
