/**
 * Holds the sources to their floors: a file imports its own folder and lower
 * floors only, features do not know each other, no file is too long and nothing
 * is typed `any`. Run by `npm run lint`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';

const FLOORS = ['lib', 'ui', 'state', 'api', 'actions', 'features', 'app'];
const MAX_LINES = 300;
const root = new URL('../src', import.meta.url).pathname;
const faults = [];

function place(file) {
  const [floor, feature] = relative(root, file).split('/');
  return { floor, feature: floor === 'features' ? feature : undefined };
}

function check(file) {
  const text = readFileSync(file, 'utf8');
  const from = place(file);
  const name = relative(root, file);
  const say = (fault) => faults.push(`${name}: ${fault}`);
  const lines = text.split('\n').length - 1;
  if (lines > MAX_LINES) say(`${lines} lines, more than ${MAX_LINES}`);
  if (/(:|<|as) any\b/.test(text)) say('uses any');
  for (const [, target] of text.matchAll(/(?:from|import)\s+'(\.[^']+)'/g)) {
    const to = place(normalize(join(dirname(file), target)));
    if (FLOORS.indexOf(to.floor) > FLOORS.indexOf(from.floor)) say(`imports upwards: ${target}`);
    if (from.feature && to.feature && to.feature !== from.feature) {
      say(`imports another feature: ${target}`);
    }
    const inside = to.feature && from.floor === 'app' && target.split('/').length > 3;
    if (inside) say(`reaches into a feature: ${target}`);
  }
}

const files = readdirSync(root, { recursive: true })
  .filter((file) => /\.tsx?$/.test(file) && !file.endsWith('.d.ts'))
  .map((file) => join(root, file));
files.forEach(check);
for (const fault of faults) console.error(fault);
console.log(`${files.length} files, ${faults.length} faults`);
process.exit(faults.length ? 1 : 0);
