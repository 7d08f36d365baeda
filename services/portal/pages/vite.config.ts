// The pages as static files in dist/: no inline script or style, nothing from elsewhere, so that the strictest
// content security policy holds.
import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  server: { proxy: { '/v1': process.env['SIGNPOST_API'] ?? 'http://127.0.0.1:8080' } },
});
