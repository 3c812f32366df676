import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

// `npm run dev` serves the sources with hot reload and passes the server's own
// paths on to it, so that the cookie and the WebSocket stay on one origin.
const server = process.env.PLUGBOARD_URL ?? 'http://127.0.0.1:8080';

// The SDKs' polyfills (core-js) are for browsers older than those we build for.
const nothing = new URL('src/lib/nothing.ts', import.meta.url).pathname;
const upstream = ['event-bridge', 'tsock', 'cds', 'aim', 'mcs', 'plugboard'];

export default defineConfig({
  plugins: [react()],
  resolve: {
    alias: [
      { find: /^@twilio\/conversations$/, replacement: '@twilio/conversations/dist/index.js' },
      { find: /^core-js\/.*/, replacement: nothing },
    ],
  },
  define: { global: 'globalThis' },
  build: { target: 'es2022', sourcemap: false, chunkSizeWarningLimit: 1500, assetsInlineLimit: 0 },
  server: {
    proxy: Object.fromEntries(
      ['desktop', ...upstream].map((path) => [`/${path}`, { target: server, ws: true }]),
    ),
  },
  test: { environment: 'node', include: ['src/**/*.test.ts'] },
});
