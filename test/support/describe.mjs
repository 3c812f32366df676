// The server's own description: what `plugboard describe` prints.
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const binary = process.env.PLUGBOARD_BIN ?? path.join(root, 'build/test/src/plugboard');

export function describeServer() {
  return JSON.parse(execFileSync(binary, ['describe'], { maxBuffer: 64 * 1024 * 1024 }));
}
