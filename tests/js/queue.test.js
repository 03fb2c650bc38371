// The queue of a page without WebAssembly: what it writes, and what it takes from pages that are gone.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { DELIVERED, HANDED_OVER, makeQueue, queued } from '../../src/js/plain/queue.js';
import { markRow } from '../../src/js/plain/rows.js';

const SEPARATOR = '\x1f';

let userAgent;

beforeEach(() => (userAgent = ''));
Object.defineProperty(globalThis, 'navigator', { get: () => ({ userAgent }), configurable: true });
globalThis.sessionStorage = { getItem: () => 'tab', setItem() {} };

/** A queue, and what it has committed. */
function queueOf(owner, failed = new Set()) {
  const commits = [];
  const queue = makeQueue(owner, 10_000, failed, (rows, changes) => commits.push({ rows, changes }));
  return { queue, commits };
}

const event = (id) => ({ id, json: `{"event_name":"${id}"}` });

test('a write that succeeds is told of rows and segments alike', () => {
  const { queue, commits } = queueOf('a');
  queue.note('accounts', 'z', '');
  queue.add([event('e1')]);
  queue.write();
  assert.equal(commits.length, 1);
  queue.settleWrite(commits[0].rows);
  assert.equal(queue.segments()[0].stored, true);
});

test('a write that fails is made again with the next', () => {
  const { queue, commits } = queueOf('a');
  queue.add([event('e1')]);
  queue.write();
  queue.settleWrite(commits[0].rows, 'QuotaExceededError');
  queue.write();
  assert.equal(commits[1].changes, commits[0].changes);
});

test('a mark counts as the core wrote it, in Firefox if it is of the same tab', () => {
  const isHeld = (mark) => {
    const { queue } = queueOf('b');
    queue.adopt(['a', '', mark].join(SEPARATOR), '7', () => {});
    queue.load(['a/0', `11 e1\n${event('e1').json}`].join(SEPARATOR), 2);
    return !queue.unsent().length;
  };
  assert.deepEqual(['17:1764000000000: e1', '17 e1', '18:1764000000000: e1'].map(isHeld), [true, true, false]);
  userAgent = 'Mozilla/5.0 Firefox/140.0';
  assert.deepEqual(['17:1764000000000:tab e1', '17:1764000000000:other e1', '17 e1'].map(isHeld), [true, false, false]);
  assert.equal(isHeld(markRow('7', [event('e1')])), true);
});

test('what one page leaves another takes over, and the accounts add up', () => {
  const { queue: left, commits } = queueOf('a');
  left.add([event('e1'), event('e2')]);
  left.write();
  const [, , account, , key, segment] = commits[0].changes.split(SEPARATOR);
  const { queue } = queueOf('b');
  const asked = [];
  queue.adopt(['a', account, '17 e2'].join(SEPARATOR), '7', (of) => asked.push(of));
  assert.deepEqual(asked, ['a']);
  assert.equal(queue.adoptSegments([key, segment].join(SEPARATOR)), true);
  assert.deepEqual(queue.unsent().map(({ id }) => id), ['e1']);
  queue.settleMarks(true);
  queue.remove(queue.unsent(), DELIVERED);
  assert.deepEqual([queue.account[DELIVERED], queue.account[HANDED_OVER], queued(queue.account)], [1, 1, 0]);
});
