import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

// `npm run dev` serves the sources with hot reload and passes the server's own
// paths on to it, so that the cookie and the WebSocket stay on one origin.
const server = process.env.PLUGBOARD_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [react()],
  build: { target: 'es2022', sourcemap: false, chunkSizeWarningLimit: 1500, assetsInlineLimit: 0 },
  server: {
    proxy: {
      '/desktop': { target: server },
      '/event-bridge': { target: server, ws: true },
    },
  },
  test: { environment: 'node', include: ['src/**/*.test.ts'] },
});
