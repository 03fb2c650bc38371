// When a session lives and when it ends, on clocks that the test sets.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { makeSession } from '../../src/js/capture/session.js';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

let wall;
let steady;
let kept;
let writes;

beforeEach(() => {
  [wall, steady, kept, writes] = [Date.UTC(2026, 0, 31, 23, 55), 1000, undefined, 0];
  Date.now = () => wall;
  performance.now = () => steady;
});

const storage = {
  get: () => kept,
  set: (_, text) => {
    kept = text;
    writes++;
  },
};

const page = (timeout = 30 * MINUTE) => makeSession(storage, timeout);

/** Time passes, for both clocks. */
function pass(ms) {
  wall += ms;
  steady += ms;
}

test('a session goes on past midnight, from event to event', () => {
  const session = page();
  const id = session.touch();
  for (let n = 0; n < 10; n++) {
    pass(29 * MINUTE);
    assert.equal(session.touch(), id);
  }
});

test('it ends after half an hour without events, and the next one has another name', () => {
  const session = page();
  const id = session.touch();
  pass(30 * MINUTE);
  assert.notEqual(session.touch(), id);
});

test('an event that is no sign of life neither prolongs nor begins one', () => {
  const session = page();
  const id = session.touch();
  pass(29 * MINUTE);
  assert.equal(session.current(), id);
  pass(29 * MINUTE);
  assert.equal(session.current(), id);
  assert.notEqual(session.touch(), id);
});

test('pages share it, and one that was idle takes over what another began', () => {
  const [first, second] = [page(), page()];
  const id = first.touch();
  assert.equal(second.touch(), id);
  pass(31 * MINUTE);
  const next = second.touch();
  assert.equal(first.touch(), next);
});

test('many events in a burst write once', () => {
  const session = page();
  for (let n = 0; n < 100; n++, pass(10)) session.touch();
  assert.equal(writes, 1);
});

test('a device that slept for hours begins a new one, though its steady clock stood still', () => {
  const session = page();
  const id = session.touch();
  wall += 8 * 60 * MINUTE;
  assert.notEqual(session.touch(), id);
});

for (const [jump, by] of Object.entries({ 'a day back': -DAY, 'a year back': -365 * DAY, 'ten years ahead': 3650 * DAY })) {
  test(`a clock that is set ${jump} ends none`, () => {
    const session = page();
    const id = session.touch();
    pass(MINUTE);
    wall += by;
    assert.equal(session.touch(), id);
    pass(29 * MINUTE);
    assert.equal(session.touch(), id);
    pass(31 * MINUTE);
    assert.notEqual(session.touch(), id);
  });
}

test('what an absurd clock left behind is not prolonged for ever', () => {
  wall += 3650 * DAY;
  const id = page().touch();
  wall -= 3650 * DAY;
  const later = page();
  const next = later.touch();
  assert.notEqual(next, id);
  pass(MINUTE);
  assert.equal(later.touch(), next);
});

for (const text of ['', 'x', 'x y', ' 5', 'x 5 7', 'null']) {
  test(`what is kept may be anything: ${JSON.stringify(text)}`, () => {
    kept = text;
    const session = page();
    const id = session.touch();
    assert.match(id, /^[\w-]{16}$/);
    assert.equal(session.touch(), id);
  });
}
