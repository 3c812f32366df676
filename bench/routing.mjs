// Work handed over: a task is made, an agent with the skill hears of it, accepts and completes it; every step on disk before
// it is answered. Beside it, BullMQ on Redis and pg-boss on PostgreSQL hand over jobs with the same promise.
//
//     node bench/routing.mjs [seconds] [rate,rate,…]
//
// Tasks come at a fixed rate, whether or not those before are done (open loop). The hand-over of a task is the time from the
// moment at which it was due to be made until its worker has it, so a sender or a server that falls behind shows. "As fast as
// it can" keeps a thousand tasks under way instead. Each row is a system of its own on an empty folder; sender and workers are
// this one process for all three. Fifty queues, a thousand workers, twenty for each queue.

import { EventEmitter } from 'node:events';
import {
  begin,
  cpuOfPrograms,
  now,
  printJson,
  printTable,
  quantile,
  seconds,
  skip,
  sleep,
} from './support/machine.mjs';
import { openAgents } from './support/agents.mjs';
import { makeCentre, startPlugboard } from './support/centre.mjs';
import { startPostgres, startRedis } from './support/peers.mjs';

const QUEUES = 50;
const WORKERS = 1000;
const UNDER_WAY = 1000; // of "as fast as it can"
const RATES = (process.argv[3] ?? '100,500,1000,2000').split(',').map(Number);
const TICK_MS = 1;
const LATE_MS = Math.max(3000, seconds * 1000); // what is not done so long after the last was made is not waited for

EventEmitter.defaultMaxListeners = 0; // a thousand workers share their connections

// --- the systems ---------------------------------------------------------------------------------------------------
// Each starts to {send(n), stop()}; send resolves when task n is on disk. The run hears handed(n) when n's worker has it and
// done(n) when its completion is on disk.

async function plugboard(run) {
  const server = await startPlugboard();
  const centre = await makeCentre(server, { workers: WORKERS, queues: QUEUES });
  const work = async (agent, reservation) => {
    run.handed(JSON.parse(reservation.task.attributes).n);
    const own = `Workers/${agent.workerSid}/Reservations/${reservation.sid}`;
    await agent.ask('POST', own, { ReservationStatus: 'accepted' });
    await agent.ask('POST', `Tasks/${reservation.task.sid}`, { AssignmentStatus: 'completed' });
    run.done();
  };
  const hear = (agent, text) => {
    if (!text.includes('"reservation.created"')) return;
    work(agent, JSON.parse(text).payload).catch(run.failed);
  };
  const agents = await openAgents(server, centre, centre.workerSids, hear);
  return {
    async send(n) {
      const answer = await server.pool.request('POST', centre.tasksPath, centre.task(n));
      if (answer.status !== 201) throw new Error(`${answer.status} ${answer.body.slice(0, 200)}`);
    },
    async stop() {
      agents.forEach((agent) => agent.close());
      await server.stop();
    },
  };
}

async function bullmq(run) {
  const { Queue, Worker } = await import('bullmq');
  const { Redis } = await import('ioredis');
  const redis = await startRedis();
  const open = () => new Redis({ path: redis.path, maxRetriesPerRequest: null });
  const connections = [open(), open()];
  const [sends, works] = connections;
  const queues = [];
  const workers = [];
  for (let i = 0; i < QUEUES; i++) {
    const name = `s${i}`;
    queues.push(new Queue(name, { connection: sends }));
    const handle = async (job) => run.handed(job.data.n);
    const worker = new Worker(name, handle, {
      connection: works, // it opens a second one of its own to wait on
      concurrency: WORKERS / QUEUES,
      removeOnComplete: { count: 0 },
    });
    worker.on('completed', run.done).on('failed', (_, error) => run.failed(error));
    worker.on('error', run.failed);
    workers.push(worker);
  }
  await Promise.all([...queues, ...workers].map((each) => each.waitUntilReady()));
  return {
    send: (n) => queues[n % QUEUES].add('task', jobOf(n)),
    async stop() {
      run.closed = true; // what a closing worker complains of is no figure
      await Promise.all(workers.map((worker) => worker.close(true)));
      await Promise.all(queues.map((queue) => queue.close()));
      connections.forEach((connection) => connection.disconnect());
      await redis.stop();
    },
  };
}

async function pgBoss(run) {
  const { default: PgBoss } = await import('pg-boss');
  const postgres = await startPostgres();
  const boss = new PgBoss({ ...postgres.connection, max: 40, schedule: false, supervise: false });
  boss.on('error', run.failed);
  await boss.start();
  for (let i = 0; i < QUEUES; i++) {
    await boss.createQueue(`s${i}`);
    // It asks at least every half second, which is the most often it can; a batch as large as it may ever need to be.
    await boss.work(`s${i}`, { pollingIntervalSeconds: 0.5, batchSize: 500 }, async (jobs) => {
      for (const job of jobs) run.handed(job.data.n);
      // Completes here, where we see the end of it, and not after our return; the second completion finds nothing to do.
      await boss.complete(
        `s${jobs[0].data.n % QUEUES}`,
        jobs.map((job) => job.id),
      );
      for (let n = 0; n < jobs.length; n++) run.done();
    });
  }
  return {
    send: (n) => boss.send(`s${n % QUEUES}`, jobOf(n)),
    async stop() {
      run.closed = true;
      await boss.stop({ graceful: false, wait: true });
      await postgres.stop();
    },
  };
}

const jobOf = (n) => ({
  n,
  skill: `s${n % QUEUES}`,
  from: '+4930901820',
  name: 'Ada Lovelace',
  language: 'de',
});

// --- a run -----------------------------------------------------------------------------------------------------------

class Run {
  due = []; // when task n had to be made
  waits = []; // how long its hand-over took
  totalDone = 0;
  faults = 0;
  fault = null;
  closed = false;

  handed = (n) => {
    this.waits.push(now() - this.due[n]);
  };
  done = () => {
    this.totalDone++;
    this.lastDone = now();
  };
  failed = (error) => {
    if (this.closed) return;
    this.faults++;
    this.fault ??= error;
  };

  send(system, at) {
    const n = this.due.push(at) - 1;
    system.send(n).catch(this.failed);
  }

  get underWay() {
    return this.due.length - this.totalDone - this.faults;
  }

  /** rate: tasks a second, or null for as many as can be done. */
  async drive(system, rate) {
    const cpu = cpuOfPrograms();
    const own = process.cpuUsage();
    const start = now();
    const end = start + seconds * 1000;
    for (; now() < end; await sleep(TICK_MS)) {
      if (rate === null) while (this.underWay < UNDER_WAY) this.send(system, now());
      else
        for (let at; (at = start + (this.due.length * 1000) / rate) <= now();)
          this.send(system, at);
    }
    for (const late = now() + LATE_MS; this.underWay > 0 && now() < late;) await sleep(5);
    const ours = process.cpuUsage(own);
    const took = (this.lastDone ?? now()) - start;
    const tasks = Math.max(this.totalDone, 1);
    this.waits.sort((a, b) => a - b);
    return {
      made: this.due.length,
      done: this.totalDone,
      faults: this.faults,
      rate: Math.round((this.totalDone * 1000) / took),
      p50: quantile(this.waits, 0.5),
      p99: quantile(this.waits, 0.99),
      serverUs: Math.round(((cpuOfPrograms() - cpu) * 1e6) / tasks),
      clientUs: Math.round((ours.user + ours.system) / tasks),
    };
  }
}

async function measure(name, start, rate) {
  const run = new Run();
  const system = await start(run);
  const result = { name, asked: rate, ...(await run.drive(system, rate)) };
  run.closed = true;
  await system.stop();
  if (run.fault) console.log(`NOTE: ${name} at ${rate ?? 'its fastest'}: ${run.fault.message}`);
  return result;
}

/** Whether a peer is there: its packages, and its program. */
async function present(name, modules, startServer) {
  for (const module of modules) {
    try {
      await import(module);
    } catch {
      return skip(name, `the npm package ${module} is not installed (npm ci in bench)`);
    }
  }
  const server = await startServer();
  await server?.stop();
  return server && name;
}

const machine = begin('routing: work handed over');
const systems = [['Plugboard', plugboard]];
if (await present('BullMQ on Redis', ['bullmq', 'ioredis'], startRedis))
  systems.push(['BullMQ on Redis', bullmq]);
if (await present('pg-boss on PostgreSQL', ['pg-boss', 'pg'], startPostgres))
  systems.push(['pg-boss on PostgreSQL', pgBoss]);

const rows = [];
for (const rate of [...RATES, null])
  for (const [name, start] of systems) {
    const row = await measure(name, start, rate);
    row.ratio =
      name === 'Plugboard'
        ? 1
        : Number((row.rate / rows.findLast((r) => r.ratio === 1).rate).toFixed(3));
    rows.push(row);
  }

const ms = (n) => n?.toFixed(1);
printTable(
  {
    '': (r) => r.name,
    'asked /s': (r) => r.asked ?? 'all it can',
    'done /s': (r) => r.rate,
    'not done': (r) => r.made - r.done,
    'of ours': (r) => r.ratio.toFixed(2),
    'hand-over p50 ms': (r) => ms(r.p50),
    'p99 ms': (r) => ms(r.p99),
    'server CPU us': (r) => r.serverUs,
    'client CPU us': (r) => r.clientUs,
  },
  rows,
);
printJson('routing', machine, rows);
process.exit(0);
