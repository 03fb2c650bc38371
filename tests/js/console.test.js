// What the console says, and of which values and names.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { warningOf } from '../../src/js/core/console.js';
import { lostIn } from '../../src/js/core/lost.js';
import { nearest } from '../../src/js/core/nearest.js';

const until = new Date(2026, 10, 26, 12, 30);
const paused = (reason, status, message = '') => ({ type: 'paused', reason, status, message, until });
const dead = (code, names, status = 422, message = 'bad plan') => ({ type: 'rejected', code, names, ids: names.map(String), status, message });

for (const [what, notice, ...words] of [
  ['a refused key', paused('forbidden', 401, 'no such key'), 'refuses the key (401: no such key)', 'Events stay queued', 'check apiKey'],
  ['a refused key without a core', { type: 'retry', status: 403, message: '', delay: 1000 }, 'refuses the key (403)', 'tried again'],
  ['a wrong address', paused('not_found', 404), 'does not exist (404)', 'Events stay queued', 'check the option "endpoint"'],
  ['an HTML page as the answer', { type: 'retry', status: 200, message: '', delay: 1000 }, "not the batch endpoint's (HTML", 'tried again'],
  ['a blocked endpoint', paused('unreachable', 0), 'cannot be reached', 'ad blocker'],
  ['a refused event', dead('refused_by_endpoint', ['signup']), 'refused the event "signup" (422: bad plan)', 'dead letters'],
  ['refused events', dead('refused_by_endpoint', ['a', 'b', 'a', 'c', 'd']), 'refused 5 events ("a", "b", "c")'],
  ['events of unknown fate', dead('uncertain', ['a']), 'does not say whether it took the event "a"', 'not sent again'],
  ['forbidden WebAssembly', { type: 'degraded', fallback: 'no_webassembly', message: 'CompileError' }, "'wasm-unsafe-eval'", '@appizer/tracker/js', 'Events still go'],
  ['a missing core', { type: 'degraded', fallback: 'no_core', message: 'Failed to fetch' }, 'core.js', 'Events still go'],
  ['no storage', { type: 'degraded', fallback: 'memory_queue', message: 'denied' }, 'kept in memory', 'is lost'],
  ['a missing init', { type: 'no_init' }, 'init was not', 'lost with the page', 'call init({ apiKey })'],
]) {
  test(`the warning of ${what} says what happened, what becomes of the events and what to do`, () => {
    const text = warningOf(notice);
    for (const word of words) assert.ok(text.includes(word), `${word} in ${text}`);
  });
}

test('nothing is said of what works or passes by itself', () => {
  for (const notice of [{ type: 'delivered' }, { type: 'retry', status: 503, delay: 1 }, { type: 'retry', status: 0, delay: 1 }, { type: 'dropped' }, { type: 'consent' }]) {
    assert.equal(warningOf(notice), undefined);
  }
});

test('values that JSON loses are found with their path, others are not', () => {
  const properties = { map: new Map(), in: { error: new Error('x'), list: [() => 1] }, rate: NaN, at: new Date(), url: new URL('https://x.example'), none: undefined, n: 1 };
  assert.deepEqual(lostIn(properties), [
    ['map', 'Map', '{}'],
    ['in.error', 'Error', '{}'],
    ['in.list.0', 'function', 'nothing'],
    ['rate', 'NaN', 'null'],
  ]);
});

test('a cycle ends', () => {
  const cycle = {};
  cycle.self = cycle;
  assert.deepEqual(lostIn(cycle), []);
});

test('a misspelt name finds the one that was meant, a foreign one finds none', () => {
  const names = ['apiKey', 'endpoint', 'flushInterval', 'bots', 'debug'];
  const found = ['apikey', 'key', 'endpont', 'flush-interval', 'bot', 'nscript', 'cfasync', 'host', 'id'].map((name) => nearest(name, names));
  assert.deepEqual(found, ['apiKey', 'apiKey', 'endpoint', 'flushInterval', 'bots', undefined, undefined, undefined, undefined]);
});
