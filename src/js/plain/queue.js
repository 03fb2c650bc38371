// The queue of one life of the page: its segments and those it adopted, their account, and what the store has yet to hear of both.
import { SEPARATOR } from '../store.js';
import { inside, readMark, readSegment, segmentRow } from './rows.js';

// The columns of an account (src/core/account.rs).
export const ACCEPTED = 0;
export const DELIVERED = 1;
export const HANDED_OVER = 2;
export const REJECTED = 3;
export const UNCERTAIN = 4;
export const STORAGE_LOST = 5;
export const OPT_OUT = 11;

/** How many events of an account are still to be delivered. */
export const queued = (account) => account.slice(1).reduce((rest, gone) => rest - gone, account[ACCEPTED]);

/**
 * `commit` is given rows by store and key, and the same as changes: whether they are being written now. `failed` has ids of what
 * was given to the browser and did not arrive.
 */
export function makeQueue(owner, flushInterval, failed, commit) {
  const account = Array(12).fill(0);
  /** `{ key, at, due, stored, events: [{ id, json, sent, isHeld }] }`; `isHeld`: given to the browser by a page that is gone. */
  let segments = [];
  let number = 0;
  /** Rows to be written, by store and key: texts, or segments. */
  let dirty = new Map();
  /** Pages whose segments are being read, and how many events these must have by the accounts. */
  let loading = 0;
  let unloaded = 0;
  /** Pages whose marks are in force, and the ids in these. */
  let marked = [];
  const marks = new Set();

  return { account, note, write, settleWrite, add, remove, unsent, adopt, adoptSegments, load, settleMarks, liftMarks, clear, segments: () => segments };

  function note(store, key, row) {
    dirty.set(store + SEPARATOR + key, row);
  }

  /** Of the dead letters the store keeps at most `letters`, if it is not 0. */
  function write(letters = 0) {
    if (!dirty.size) return;
    const changes = ['accounts', owner, `1${account.join(' ')}`];
    for (const [place, row] of dirty) changes.push(place, row.events ? segmentRow(row) : row);
    if (commit(dirty, changes.join(SEPARATOR), letters)) dirty = new Map();
  }

  /** What became of rows that were being written. */
  function settleWrite(rows, failure) {
    for (const [place, row] of rows) {
      if (failure) dirty.has(place) || dirty.set(place, row);
      else if (row.events) row.stored = true;
    }
  }

  function events() {
    return segments.flatMap((segment) => segment.events);
  }

  /** Those that may be sent. */
  function unsent() {
    return events().filter((event) => !event.sent && !event.isHeld);
  }

  function add(events) {
    for (let first = 0; first < events.length; first += POLICY_MAX_SEGMENT_EVENTS) {
      const at = Date.now();
      const key = `${owner}/${`${number++}`.padStart(8, '0')}`;
      const segment = { key, at, due: at + flushInterval, events: events.slice(first, first + POLICY_MAX_SEGMENT_EVENTS) };
      segments.push(segment);
      note('segments', key, segment);
    }
    account[ACCEPTED] += events.length;
  }

  /** They are counted in a column of the account instead. */
  function remove(events, column, letters) {
    const all = new Set(events);
    for (const segment of segments) {
      const rest = segment.events.filter((event) => !all.has(event));
      if (rest.length < segment.events.length) note('segments', segment.key, segment);
      segment.events = rest;
    }
    segments = segments.filter((segment) => segment.events.length);
    account[column] += all.size;
    write(letters);
  }

  /** Takes over the pages of a joined text, each with its account and its mark; `read` is to ask for its segments. */
  function adopt(text, to, read) {
    const fields = text.split(SEPARATOR);
    for (let at = 0; at + 2 < fields.length; at += 3) {
      const [of, row, mark] = fields.slice(at, at + 3);
      if (of === owner) continue;
      const numbers = inside(row);
      if (numbers) {
        const theirs = numbers.split(' ').map(Number);
        account.forEach((count, column) => (account[column] += theirs[column] || 0));
        unloaded += queued(theirs);
        note('accounts', of, '');
      }
      const ids = readMark(mark, to);
      if (ids) {
        marked.push(of);
        ids.forEach((id) => marks.add(id));
      }
      loading++;
      read(of);
    }
    write();
  }

  /** The segments of an adopted page. Whether they are the last that were asked for. */
  function adoptSegments(text) {
    unloaded -= load(text, 2);
    if (--loading) return;
    // A page that died before its account was written left events that no account speaks of.
    account[unloaded < 0 ? ACCEPTED : STORAGE_LOST] += Math.abs(unloaded);
    unloaded = 0;
    write();
    return true;
  }

  /** Segments of a joined text, `width` fields each, of which the last are key and row. What cannot be read stays as it is. */
  function load(text, width) {
    const fields = text.split(SEPARATOR);
    let count = 0;
    for (let at = width; at <= fields.length; at += width) {
      const [key, row] = fields.slice(at - 2, at);
      const segment = readSegment(row);
      if (!segment) continue;
      const { events } = segment;
      events.forEach((event) => (event.isHeld = marks.has(event.id) && !failed.has(event.id)));
      segments.push({ ...segment, key, due: 0, stored: width === 2 });
      if (width === 3) account[ACCEPTED] += events.length;
      count += events.length;
    }
    return count;
  }

  /** What was handed over has arrived, if the endpoint takes what is sent to it; a refused key means that it has not. */
  function settleMarks(arrived) {
    if (!marked.length || (arrived && loading)) return;
    const held = events().filter((event) => event.isHeld);
    marked.splice(0).forEach((of) => note('marks', of, ''));
    marks.clear();
    if (arrived) return remove(held, HANDED_OVER);
    held.forEach((event) => (event.isHeld = false));
    write();
  }

  /** Some of what was handed over has not arrived after all. */
  function liftMarks() {
    events().forEach((event) => (event.isHeld &&= !failed.has(event.id)));
  }

  /** Gives up all events, and what was to be written. How many they were. */
  function clear() {
    const { length } = events();
    account[OPT_OUT] += length;
    segments = marked = [];
    dirty.clear();
    marks.clear();
    return length;
  }
}
