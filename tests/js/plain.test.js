// The tracker of a page without WebAssembly: its life.
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { makePlain } from '../../src/js/plain/plain.js';

test('a tracker that is closed before its store opens says nothing more', (context) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  context.after(() => mock.timers.reset());
  Object.defineProperty(globalThis, 'navigator', { value: { userAgent: '', locks: { request: async () => {} } }, configurable: true });
  globalThis.indexedDB = { open: () => ({}) };
  const heard = [];
  const tracker = makePlain({ apiKey: 'k' }, 'anonymous', (notice) => heard.push(notice.type));
  tracker.start();
  tracker.close();
  mock.timers.tick(POLICY_OPEN_TIMEOUT);
  assert.deepEqual(heard, []);
});
