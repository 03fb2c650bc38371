import assert from 'node:assert/strict';
import test from 'node:test';
import { bytesOf, pack, seal } from '../../src/js/start/envelope.js';
import cases from '../cases/envelopes.json';

test('a line is sealed as the core seals it', () => {
  for (const { line, user, ua, metadata, ...expected } of cases) {
    assert.deepEqual(seal(line, user, metadata, ua && JSON.parse(ua)), expected);
  }
});

test('a batch is the oldest events that its room and its number allow, and weighs what it says', () => {
  const events = Array.from({ length: 150 }, (_, n) => ({ id: `${n}`, json: JSON.stringify({ n, text: 'é' }) }));
  for (const [room, most] of [[Infinity, 100], [1000, 100], [1000, 3], [40, 1], [10, 100]]) {
    const { bytes, body, events: taken } = pack(events, room, most);
    assert.ok(bytesOf(body) <= bytes && taken.length <= most && (bytes <= room || !taken.length), `${room} ${most}`);
    assert.deepEqual(taken, events.slice(0, taken.length));
    assert.deepEqual(JSON.parse(body).events, taken.map(({ json }) => JSON.parse(json)));
    const next = pack(events, Infinity, taken.length + 1);
    assert.ok(taken.length === most || next.bytes > room, `${room} ${most}: one more would have fitted`);
  }
});
