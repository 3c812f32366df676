// The helpers of the dialogues, where a mistake would make other tests pass for nothing.

import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import twilio from 'twilio';
import { clientFor } from './support/server.mjs';
import { startWebhooks } from './support/webhook.mjs';
import { nextEvent, workerToken } from './support/worker.mjs';

const authToken = 'a'.repeat(32);
const accountSid = `AC${'0'.repeat(32)}`;

function post(url, params, signature) {
  return fetch(url, {
    method: 'POST',
    body: new URLSearchParams(params),
    headers: { 'X-Twilio-Signature': signature },
  });
}

test('the client speaks to the server, product by product', () => {
  const client = clientFor('http://127.0.0.1:1', accountSid, authToken);
  assert.equal(client.taskrouter.baseUrl, 'http://127.0.0.1:1/taskrouter');
  assert.equal(client.api.baseUrl, 'http://127.0.0.1:1/api');
  assert.equal(client.flexApi.baseUrl, 'http://127.0.0.1:1/flex-api');
  assert.equal(client.taskrouter.absoluteUrl('/v1/x'), 'http://127.0.0.1:1/taskrouter/v1/x');
});

test('a webhook with a good signature is collected and answered', async () => {
  const hooks = await startWebhooks({
    authToken,
    answer: (request) => ({ saw: request.params.EventType }),
  });
  const url = hooks.url('/events?x=1');
  const coming = hooks.next((request) => request.params.EventType === 'task.created');
  const params = { EventType: 'task.created', TaskSid: 'WT1' };
  const answer = await post(url, params, twilio.getExpectedTwilioSignature(authToken, url, params));
  assert.deepEqual(await answer.json(), { saw: 'task.created' });
  assert.equal((await coming).params.TaskSid, 'WT1');
  await assert.rejects(hooks.next(undefined, 10), /no such webhook/);
  await hooks.stop();
});

test('a webhook with a bad signature, or none, fails the test that it belongs to', async () => {
  for (const headers of [{ 'X-Twilio-Signature': 'bm8=' }, {}]) {
    const hooks = await startWebhooks({ authToken });
    assert.equal(
      (await fetch(hooks.url('/a'), { method: 'POST', body: 'x=1', headers })).status,
      204,
    );
    await assert.rejects(hooks.stop(), /without a good signature/);
  }
});

test('waiting for an event gives it, or says what did not come', async () => {
  const emitter = new EventEmitter();
  const coming = nextEvent(emitter, 'ready');
  emitter.emit('ready', 7);
  assert.equal(await coming, 7);
  await assert.rejects(nextEvent(emitter, 'ready', 5), /no ready within 5 ms/);
});

test('a token names its worker and its workspace', () => {
  const key = { sid: `SK${'0'.repeat(32)}`, secret: 'secret' };
  const token = workerToken(accountSid, key, { workspaceSid: 'WS1', workerSid: 'WK1' });
  const claims = JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
  assert.deepEqual(claims.grants.task_router, {
    workspace_sid: 'WS1',
    worker_sid: 'WK1',
    role: 'worker',
  });
  assert.equal(claims.sub, accountSid);
});
