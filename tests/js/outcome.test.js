import assert from 'node:assert/strict';
import test from 'node:test';
import { outcomeOf } from '../../src/js/start/outcome.js';
import cases from '../cases/verdicts.json';

/** What the direct sender makes of the core's verdicts. */
const OUTCOMES = { Delivered: 'delivered', Named: 'kept', Partial: 'kept', Refused: 'kept', Forbidden: 'retry', Malformed: 'retry', Retry: 'retry' };

test('a response means to the direct sender what it means to the core', () => {
  for (const { status, body, sent, verdict } of cases) {
    assert.equal(outcomeOf(status, body, sent), OUTCOMES[verdict], JSON.stringify({ status, body }));
  }
});

test('a body of any shape confirms nothing that it does not say', () => {
  for (const body of [null, undefined, 1, 'success', [], [true], { success: 'true' }, { success: 1 }]) assert.equal(outcomeOf(200, body, 2), 'retry');
  for (const count of [-1, 1.5]) assert.equal(outcomeOf(200, { success: true, processed_count: count }, 2), 'kept');
  for (const count of [null, '1', {}]) assert.equal(outcomeOf(200, { success: true, processed_count: count }, 2), 'delivered');
});
