import { defineConfig } from 'vitest/config';

// Two scripts. `embed.js` is small and classic: it lives on other people's pages. `chat.js` is a module that it loads when
// somebody wants to write: the window and the official SDK. The SDK's polyfills (core-js, a third of its size) are for browsers
// older than ES2020, which we do not build for.
const nothing = new URL('src/nothing.ts', import.meta.url).pathname;

export default defineConfig(({ mode }) => {
  const embed = mode === 'embed';
  return {
    resolve: {
      alias: [
        { find: /^@twilio\/conversations$/, replacement: '@twilio/conversations/dist/index.js' },
        { find: /^core-js\/.*/, replacement: nothing },
      ],
    },
    define: { 'process.env.NODE_ENV': '"production"', global: 'globalThis' },
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    publicDir: embed ? false : 'public',
    build: {
      target: 'es2020',
      emptyOutDir: !embed,
      lib: {
        entry: embed ? 'src/embed.ts' : 'src/chat.tsx',
        formats: [embed ? 'iife' : 'es'],
        name: 'PlugboardWebchatScript',
        fileName: () => (embed ? 'embed.js' : 'chat.js'),
      },
    },
    test: { environment: 'node', include: ['src/**/*.test.ts'] },
  };
});
