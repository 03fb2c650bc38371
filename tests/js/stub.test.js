// The stub of the script tag: it has every method of the tracker.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as server from '../../src/js/entry/server.js';

globalThis.window = {};
await import('../../src/js/entry/stub.js');
const { appizer } = window;

test('the stub has every method of the package but createTracker', () => {
  const { createTracker, ...methods } = server;
  assert.deepEqual(Object.keys(appizer).filter((name) => name !== 'q').sort(), Object.keys(methods).sort());
});

test('methods that answer later give a promise in the stub, all others nothing', () => {
  for (const name of Object.keys(server).filter((name) => name !== 'createTracker')) {
    assert.equal(appizer[name]() instanceof Promise, server[name]() instanceof Promise, name);
  }
});
