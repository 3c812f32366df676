// Puts what the benches have printed into the page of figures, each into the block that bears its name (```text http):
//
//     ./dev bench 5 | tee build/bench.log
//     node bench/support/paste.mjs build/bench.log
//
// The machine, its load and its disk stand in the first line of each block, so a table cannot be read without them. Blocks of
// benches that are not in the log, or that failed, stay as they are.

import fs from 'node:fs';
import { fileURLToPath } from 'node:url';

const PAGE = fileURLToPath(new URL('../../docs/figures.md', import.meta.url));
const BEGUN = /^(\w+): [^\n]*\n(?=\d+ cores of )/gm;

const log = fs.readFileSync(process.argv[2], 'utf8');
let page = fs.readFileSync(PAGE, 'utf8');
for (const begun of log.matchAll(BEGUN)) {
  const [name, start] = [begun[1], begun.index + begun[0].length];
  const json = log.indexOf(`\n{"bench":"${name}"`, start);
  const next = log.slice(start).search(BEGUN);
  if (json < 0 || (next >= 0 && start + next < json)) {
    console.log(`${name} has failed`);
    continue;
  }
  const { at } = JSON.parse(log.slice(json + 1).split('\n', 1)[0]);
  const block = `\`\`\`text ${name}\n${at.slice(0, 16)}Z, ${log.slice(start, json).trimEnd()}\n\`\`\``;
  const place = new RegExp(`^\`\`\`text ${name}$[^]*?^\`\`\`$`, 'm');
  console.log(place.test(page) ? name : `the page has no block for ${name}`);
  page = page.replace(place, () => block);
}
fs.writeFileSync(PAGE, page);
