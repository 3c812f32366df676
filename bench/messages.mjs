// Messages from a customer to an agent, durable, through the protocol that the official client speaks: two clients in each of
// 500 conversations, who write in turn. Usage: node bench/messages.mjs [seconds] [rates]
//
// Messages come at a fixed rate, whether or not those before have arrived (open loop). The delivery of a message is the time
// from the moment at which it was due to be sent until the other client has its event, so a sender that falls behind shows.
// All thousand clients are this one process, on the same two cores as the server.

import { begin, now, printJson, printTable, quantile, seconds, sleep } from './support/machine.mjs';
import { startPlugboard } from './support/centre.mjs';
import { many } from './support/client.mjs';
import { chatTokens, Client, makeConversations, objectsOf } from './support/clients.mjs';

const CONVERSATIONS = 500;
const RATES = (process.argv[3] ?? '100,500,1000,2000,3000').split(',').map(Number);
const TICK_MS = 1;
const LATE_MS = 5000; // what has not arrived so long after the last was sent is counted as lost
const MARK = Buffer.from('\\"at\\":');

/** Both clients of each conversation, watching it; `arrived(at)` for each message that the other has sent. */
async function openClients(plugboard, arrived) {
  const { sids, service } = await makeConversations(plugboard, {
    conversations: CONVERSATIONS,
    each: 2,
  });
  const tokenOf = await chatTokens(plugboard, service);
  return many(CONVERSATIONS * 2, 32, async (i) => {
    const conversation = sids[Math.floor(i / 2)];
    const client = await new Client(plugboard.server.url, tokenOf(`user ${i}`)).open((bytes) => {
      const at = bytes.indexOf(MARK);
      if (at < 0 || bytes.includes(`"author":"user ${i}"`)) return;
      arrived(
        Number.parseFloat(bytes.subarray(at + MARK.length, at + MARK.length + 20).toString()),
      );
    });
    await client.subscribe(objectsOf(conversation).filter((o) => o.object_type === 'list'));
    client.path = `/Client/v1/Conversations/${conversation}/Messages`;
    return client;
  });
}

const ascending = (numbers) => Float64Array.from(numbers).sort();

async function at(rate, clients, delays) {
  const total = rate * seconds;
  delays.length = 0;
  let failed = 0;
  const acknowledged = [];
  const start = now();
  for (let sent = 0; sent < total;) {
    const due = Math.min(total, Math.floor(((now() - start) * rate) / 1000) + 1);
    for (; sent < due; sent++) {
      const when = start + (sent * 1000) / rate;
      const attributes = JSON.stringify({ at: when });
      clients[(sent * 7) % clients.length]
        .http('POST', clients[(sent * 7) % clients.length].path, {
          body: `Message ${sent}`,
          attributes,
        })
        .then(
          () => acknowledged.push(now() - when),
          () => failed++,
        );
    }
    await sleep(TICK_MS);
  }
  for (const end = now() + LATE_MS; now() < end && delays.length + failed < total;) await sleep(10);
  return {
    rate,
    'reply p50': quantile(ascending(acknowledged), 0.5),
    p50: quantile(ascending(delays), 0.5),
    p99: quantile(ascending(delays), 0.99),
    lost: total - failed - delays.length,
    failed,
  };
}

async function main() {
  const machine = begin('messages: from one client of Conversations to the other');
  const plugboard = await startPlugboard();
  const delays = [];
  const clients = await openClients(plugboard, (when) => delays.push(now() - when));
  const rows = [];
  for (const rate of RATES) {
    rows.push(await at(rate, clients, delays));
    await sleep(500);
  }
  printTable(
    {
      'messages/s': (r) => r.rate,
      'acknowledged p50, ms': (r) => r['reply p50']?.toFixed(1),
      'delivered p50, ms': (r) => r.p50?.toFixed(1),
      'p99, ms': (r) => r.p99?.toFixed(1),
      lost: (r) => r.lost,
      refused: (r) => r.failed,
    },
    rows,
  );
  printJson('messages', machine, rows);
  clients.forEach((client) => client.close());
  await plugboard.stop();
  process.exit(0);
}

await main();
