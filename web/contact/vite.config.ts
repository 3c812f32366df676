import { defineConfig } from 'vitest/config';

// One classic script without dependencies: it has to live on other people's
// pages. `public/` (the page to try it on) is copied beside it as it is.
export default defineConfig({
  build: {
    target: 'es2020',
    lib: {
      entry: 'src/embed.ts',
      formats: ['iife'],
      name: 'PlugboardContact',
      fileName: () => 'embed.js',
    },
  },
  test: { environment: 'node', include: ['src/**/*.test.ts'] },
});
