// The ledger without HTTP: durable commands a second, beside a transaction for each and beside the disk. It is a program in C
// (bench/ledger.c); this starts it where ./dev has built it. Usage: node bench/ledger.mjs [seconds]

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { begin, printJson, seconds, skip } from './support/machine.mjs';

const program = path.join(path.dirname(process.env.PLUGBOARD_BIN), '../bench/bench_ledger');
const machine = begin('ledger: durable commands a second');
if (!fs.existsSync(program)) {
  skip('the ledger', `${program} is not built`);
} else {
  const child = spawn(program, [os.tmpdir(), String(seconds)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    said += text;
    process.stdout.write(text);
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  const rows = [...said.matchAll(/^(\D.*?\S) {2,}(\d+)\b/gm)];
  printJson(
    'ledger',
    machine,
    rows.map(([, name, rate]) => ({ name, rate: Number(rate) })),
  );
  process.exitCode = code;
}
