// Messages from a customer to an agent, durable, through the protocol that the official client speaks: two clients in each of
// 500 conversations, who write in turn. Usage: node bench/messages.mjs [seconds] [rates]
//
// Beside it ejabberd does the same in 500 rooms of two: with its archive in PostgreSQL, where a message is on disk before anybody
// has it, as with us; and without any, which is what passing on alone costs. Messages come at a fixed rate, whether or not
// those before have arrived (open loop). The delivery of a message is the time from the moment at which it was due to be sent until
// the other client has it, so a sender that falls behind shows; it is acknowledged when we have answered, or when the room has
// shown it to its sender. All thousand clients are this one process, on the same two cores as the server.

import {
  begin,
  cpuOfPrograms,
  now,
  printJson,
  printTable,
  quantile,
  seconds,
  sleep,
} from './support/machine.mjs';
import { startPlugboard } from './support/centre.mjs';
import { many } from './support/client.mjs';
import { chatTokens, Client, makeConversations, objectsOf } from './support/clients.mjs';
import { startEjabberd, startPostgres } from './support/peers.mjs';
import { Occupant } from './support/xmpp.mjs';

const CONVERSATIONS = 500;
const RATES = (process.argv[3] ?? '100,500,1000,2000,3000').split(',').map(Number);
const TICK_MS = 1;
const LATE_MS = 5000; // what has not arrived so long after the last was sent is counted as lost
const AT_A_TIME = 32;
const MARK = Buffer.from('\\"at\\":');

// --- the systems -----------------------------------------------------------------------------------------------------
// Each starts to {clients, stop()} and calls arrived(at) for each message that the other client of a conversation has sent; a
// client's write(n, at) resolves when message n is acknowledged.

async function plugboard(arrived) {
  const server = await startPlugboard();
  const shape = { conversations: CONVERSATIONS, each: 2 };
  const { sids, service } = await makeConversations(server, shape);
  const tokenOf = await chatTokens(server, service);
  const clients = await many(CONVERSATIONS * 2, AT_A_TIME, async (i) => {
    const conversation = sids[Math.floor(i / 2)];
    const client = await new Client(server.server.url, tokenOf(`user ${i}`)).open((bytes) => {
      const at = bytes.indexOf(MARK);
      if (at < 0 || bytes.includes(`"author":"user ${i}"`)) return;
      arrived(parseFloat(bytes.subarray(at + MARK.length, at + MARK.length + 20).toString()));
    });
    await client.subscribe(objectsOf(conversation).filter((o) => o.object_type === 'list'));
    const path = `/Client/v1/Conversations/${conversation}/Messages`;
    client.write = (n, at) =>
      client.http('POST', path, { body: `Message ${n}`, attributes: JSON.stringify({ at }) });
    return client;
  });
  return { clients, stop: () => server.stop() };
}

async function ejabberd(arrived, archive) {
  const server = await startEjabberd(archive);
  const clients = await many(server ? CONVERSATIONS * 2 : 0, AT_A_TIME, async (i) => {
    const client = new Occupant(server.url, `talk${Math.floor(i / 2)}`, `user${i}`);
    await client.open((text) => {
      const at = text.indexOf(' at="');
      if (at > 0) arrived(parseFloat(text.slice(at + 5)));
    });
    client.write = (n, at) => {
      const attributes = `<attributes xmlns="bench" at="${at}"/>`;
      return client.send(`m${n}`, `<body>Message ${n}</body>${attributes}`);
    };
    return client;
  });
  return server && { clients, stop: () => server.stop() };
}

async function ejabberdKept(arrived) {
  const archive = await startPostgres({ tcp: true });
  const system = archive && (await ejabberd(arrived, archive));
  if (!system) await archive?.stop();
  return (
    system && {
      clients: system.clients,
      async stop() {
        await system.stop();
        await archive.stop();
      },
    }
  );
}

// --- a run -----------------------------------------------------------------------------------------------------------

const ascending = (numbers) => Float64Array.from(numbers).sort();

async function at(name, rate, clients, delays) {
  const total = rate * seconds;
  delays.length = 0;
  let failed = 0;
  const acknowledged = [];
  const cpu = cpuOfPrograms();
  const start = now();
  for (let sent = 0; sent < total;) {
    const due = Math.min(total, Math.floor(((now() - start) * rate) / 1000) + 1);
    for (; sent < due; sent++) {
      const when = start + (sent * 1000) / rate;
      clients[(sent * 7) % clients.length].write(sent, when).then(
        () => acknowledged.push(now() - when),
        () => failed++,
      );
    }
    await sleep(TICK_MS);
  }
  for (const end = now() + LATE_MS; now() < end && delays.length + failed < total;) await sleep(10);
  return {
    name,
    rate,
    'reply p50': quantile(ascending(acknowledged), 0.5),
    p50: quantile(ascending(delays), 0.5),
    p99: quantile(ascending(delays), 0.99),
    lost: total - failed - delays.length,
    failed,
    serverUs: Math.round(((cpuOfPrograms() - cpu) * 1e6) / Math.max(delays.length, 1)),
  };
}

async function measure(name, start) {
  const delays = [];
  const system = await start((when) => delays.push(now() - when));
  if (!system) return [];
  await at(name, RATES[0], system.clients, delays); // warm: programs that are compiled as they run
  const rows = [];
  for (const rate of RATES) {
    rows.push(await at(name, rate, system.clients, delays));
    await sleep(500);
  }
  system.clients.forEach((client) => client.close());
  await system.stop();
  return rows;
}

async function main() {
  const machine = begin('messages: from one client of Conversations to the other');
  const rows = [
    ...(await measure('Plugboard', plugboard)),
    ...(await measure('ejabberd, PostgreSQL', ejabberdKept)),
    ...(await measure('ejabberd, nothing kept', (arrived) => ejabberd(arrived, null))),
  ].sort((a, b) => a.rate - b.rate);
  printTable(
    {
      '': (r) => r.name,
      'messages/s': (r) => r.rate,
      'acknowledged p50, ms': (r) => r['reply p50']?.toFixed(1),
      'delivered p50, ms': (r) => r.p50?.toFixed(1),
      'p99, ms': (r) => r.p99?.toFixed(1),
      lost: (r) => r.lost,
      refused: (r) => r.failed,
      'server CPU us': (r) => r.serverUs,
    },
    rows,
  );
  printJson('messages', machine, rows);
  process.exit(0);
}

await main();
