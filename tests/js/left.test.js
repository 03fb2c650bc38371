import assert from 'node:assert/strict';
import test from 'node:test';
import { markOf, recordsOf } from '../../src/js/start/left.js';
import cases from '../cases/left.json';

test('what a page leaves is what the core writes and reads', () => {
  for (const { owner, at, destination, tab, events, records, mark } of cases) {
    assert.equal(recordsOf(owner, at, events), records);
    assert.equal(markOf(owner, destination, at, tab, events), mark);
  }
  assert.deepEqual([recordsOf('p', 1, []), markOf('p', 1, 1, '', [])], ['', '']);
});
