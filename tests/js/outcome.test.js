import assert from 'node:assert/strict';
import test from 'node:test';
import { outcomeOf } from '../../src/js/start/outcome.js';
import cases from '../cases/verdicts.json';

/** What the direct sender makes of the core's verdicts. */
const OUTCOMES = { Delivered: 'delivered', Named: 'kept', Partial: 'kept', Refused: 'kept', Forbidden: 'retry', NotFound: 'retry', Malformed: 'retry', Retry: 'retry' };

test('a reply means to the direct sender what it means to the core', () => {
  for (const { status, body, sent, verdict } of cases) {
    const { success, processed_count: count, failed_indices: failed } = body;
    assert.equal(outcomeOf({ status, success, count, failed }, sent), OUTCOMES[verdict], JSON.stringify({ status, body }));
  }
});
