// What every bench stands on: two cores, a disk, programs that end with it, and one way to print.
//
// Import this before test/support/server.mjs: it says which server is measured (PLUGBOARD_BIN, else the release build) and
// where data lies (TMPDIR, else /var/tmp: a disk, where /tmp may be memory).

import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
process.env.PLUGBOARD_BIN ??= path.join(root, 'build/release/src/plugboard');
process.env.TMPDIR ??= '/var/tmp';

const CORES = 2;
const TICKS_PER_SECOND = 100; // of /proc/PID/stat: USER_HZ, the same on every Linux that Debian ships
const PAGE_BYTES = 4096;

/** Seconds for each measurement: the bench's first argument. */
export const seconds = Number(process.argv[2] ?? 5);
if (!(seconds > 0)) throw new Error(`'${process.argv[2]}' is not a number of seconds`);

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The clock of every figure, in ms. */
export const now = () => performance.now();

// --- the machine ---------------------------------------------------------------------------------------------------

/** The first two cores for us and for all that we start: the same two for the server, its peer and the load. */
function keepToTwoCores() {
  if (os.availableParallelism() <= CORES) return;
  const allowed = /Cpus_allowed_list:\s*(\S+)/.exec(
    fs.readFileSync('/proc/self/status', 'utf8'),
  )[1];
  const cores = allowed.split(',').flatMap((range) => {
    const [from, to = from] = range.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
  execFileSync('taskset', ['-a', '-cp', cores.slice(0, CORES).join(','), String(process.pid)], {
    stdio: 'ignore',
  });
}

/** How often a second this disk takes 4 KiB for good: no durable figure can be read without it. */
function diskRate() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plugboard-disk-'));
  const fd = fs.openSync(path.join(folder, 'block'), 'w');
  const block = Buffer.alloc(4096, 'x');
  let n = 0;
  const start = now();
  for (; now() < start + 300; n++) {
    fs.writeSync(fd, block, 0, block.length, 0);
    fs.fdatasyncSync(fd);
  }
  const rate = Math.round((n * 1000) / (now() - start));
  fs.closeSync(fd);
  fs.rmSync(folder, { recursive: true });
  return rate;
}

/** Says what is measured, on what; returns the same for the line of JSON. */
export function begin(title) {
  keepToTwoCores();
  const machine = {
    cpu: os.cpus()[0].model,
    cores: Math.min(CORES, os.availableParallelism()),
    load: Number(os.loadavg()[0].toFixed(2)),
    fdatasync: diskRate(),
  };
  console.log(
    `${title}\n${machine.cores} cores of ${machine.cpu} for everything, ${seconds} s each; ` +
      `fdatasync of 4 KiB: ${machine.fdatasync}/s; load before: ${machine.load}`,
  );
  if (machine.load > 1)
    console.log('NOTE: this machine was busy before; only the ratios mean something');
  return machine;
}

// --- programs ------------------------------------------------------------------------------------------------------

/** Where a program is, or null; folders beside PATH may be given, since Debian keeps some away from users. */
export function which(program, ...folders) {
  const all = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', ...folders];
  const found = all
    .map((folder) => path.join(folder, program))
    .find((file) => {
      try {
        fs.accessSync(file, fs.constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
  return found ?? null;
}

/** Says that a peer is left out and how to have it. */
export function skip(what, why) {
  console.log(`NOTE: ${what} is left out: ${why}`);
  return null;
}

const running = new Set();
const folders = new Set();
const remove = (folder) => fs.rmSync(folder, { recursive: true, force: true });
process.on('exit', () => {
  running.forEach((child) => child.kill('SIGKILL'));
  folders.forEach(remove); // of a bench that failed, too
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

/** A program of ours until stop(); `ready` is asked again and again until it no longer throws. */
export async function startProgram(file, args, { ready, stopSignal = 'SIGTERM', ...options }) {
  let said = '';
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  running.add(child);
  const ended = new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('exit', (code, signal) => resolve(signal ?? code));
  }).then((how) => {
    running.delete(child);
    return how;
  });
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => (said = (said + text).slice(-4096)));
  for (const end = now() + 10_000; ; await sleep(20)) {
    try {
      await ready();
      break;
    } catch (error) {
      if (running.has(child) && now() < end) continue;
      child.kill('SIGKILL');
      throw new Error(`${file} did not start: ${error.message}\n${said}`);
    }
  }
  return {
    pid: child.pid,
    async stop() {
      child.kill(stopSignal);
      const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** A folder of the bench's own; removed by the returned function. uid: who must be able to write there. */
export function makeFolder(name, { uid, gid } = {}) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), `plugboard-${name}-`));
  if (uid !== undefined) fs.chownSync(folder, uid, gid);
  folders.add(folder);
  return [
    folder,
    () => {
      folders.delete(folder);
      remove(folder);
    },
  ];
}

// --- what programs cost ----------------------------------------------------------------------------------------------

function family(pid) {
  try {
    const own = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return own ? own.split(' ').flatMap((child) => [Number(child), ...family(child)]) : [];
  } catch {
    return [];
  }
}

/** The programs that this one started, and those that they started. */
export const descendants = () => family(process.pid);

/** Seconds of CPU that all of our programs have used (without the bench itself). */
export function cpuOfPrograms() {
  let ticks = 0;
  for (const pid of descendants()) {
    try {
      const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
      ticks += fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    } catch {
      // It has ended between the two looks.
    }
  }
  return ticks / TICKS_PER_SECOND;
}

/** Bytes of memory that a process holds. */
export function residentBytes(pid) {
  return Number(fs.readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * PAGE_BYTES;
}

// --- printing --------------------------------------------------------------------------------------------------------

/** The value below which `part` of the sorted numbers lie; null when there are none. */
export const quantile = (sorted, part) =>
  sorted.length ? sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] : null;

/** columns: {heading: function of a row}. Text to the left, numbers to the right. */
export function printTable(columns, rows) {
  const cells = rows.map((row) => Object.values(columns).map((of) => of(row) ?? '-'));
  const lines = [Object.keys(columns), ...cells.map((line) => line.map(String))];
  const width = Object.keys(columns).map((_, i) =>
    Math.max(...lines.map((line) => line[i].length)),
  );
  for (const line of lines)
    console.log(
      line
        .map((cell, i) => (i === 0 ? cell.padEnd(width[i]) : cell.padStart(width[i])))
        .join('   ')
        .trimEnd(),
    );
}

/** The figures for a program to read: one line. */
export function printJson(bench, machine, rows) {
  console.log(JSON.stringify({ bench, at: new Date().toISOString(), seconds, machine, rows }));
}
