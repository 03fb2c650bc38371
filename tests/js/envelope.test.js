import assert from 'node:assert/strict';
import test from 'node:test';
import { destination, pack, seal } from '../../src/js/plain/envelope.js';
import { projectOf } from '../../src/js/project.js';
import cases from '../cases/projects.json';

test('project and destination are those that the core finds', () => {
  for (const { options, ...expected } of cases) {
    assert.deepEqual({ project: projectOf(options), destination: Number(destination(options)) }, expected);
  }
});

test('a line is sealed as the core seals it', () => {
  const event = seal('e1\t2026-01-01T00:00:00.000Z\t"a"\t{"n":1}\t\t"192.0.2.7"\t"agent"', '"u1"', true);
  assert.deepEqual(JSON.parse(event.json), {
    event_name: 'a',
    user_id: 'u1',
    properties: { n: 1, $event_id: 'e1', $time: '2026-01-01T00:00:00.000Z' },
    ip: '192.0.2.7',
    ua: 'agent',
  });
  assert.equal(JSON.parse(seal('e1\tt\t"a"\t\t"u2"\t\t"agent"', '"u1"', false).json).user_id, 'u2');
});

test('a batch is no larger than its room and its number, and weighs what it says', () => {
  const events = Array.from({ length: 150 }, (_, n) => ({ id: `${n}`, json: JSON.stringify({ n, text: 'é' }) }));
  assert.equal(pack(events, Infinity, 100).events.length, 100);
  const { bytes, body, events: taken } = pack(events, 1000, 100);
  assert.ok(bytes <= 1000 && Buffer.byteLength(body) <= bytes && taken.length > 1, `${bytes}`);
  assert.equal(JSON.parse(body).events.length, taken.length);
  assert.equal(pack(events, 10, 100).events.length, 0);
});
