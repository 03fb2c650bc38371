// The rows of the store as src/core/rows.rs writes and reads them: a character for their layout, then their fields.
import { SEPARATOR, tabName } from '../store.js';
import { idsOf } from './envelope.js';

/** What follows the layout's character; empty for no row, or one of another layout. */
export const inside = (row) => (row?.[0] === '1' ? row.slice(1) : '');

export const identityRow = ({ anonymous, user }) => free(`1${anonymous}${user ? `\n${user}` : ''}`);

/** Empty where the segment is, so that it is deleted. */
export const segmentRow = ({ at, events }) => (events.length ? `1${at} ${idsOf(events)}\n${events.map((event) => event.json).join(',\n')}` : '');

/** When a segment was begun, and its events; nothing where they cannot be read. */
export function readSegment(row) {
  const [head, ...lines] = inside(row).split('\n');
  const [at, ...ids] = head.split(' ');
  if (at && ids.length === lines.length) return { at, events: ids.map((id, n) => ({ id, json: lines[n].replace(/,$/, '') })) };
}

/** `to`: the destination of the requests that `events` went with. Empty where there are none. */
export const markRow = (to, events) => (events.length ? `1${to}:${Date.now()}:${tabName() ?? ''} ${idsOf(events)}` : '');

/** Nothing where there is no mark; else its ids, or none if it does not count. */
export function readMark(row, to) {
  const [head, ...ids] = inside(row).split(' ');
  const [of, , tab] = head.split(':');
  const own = tabName();
  // In Firefox only a page that knows the browser to have lived on may trust it (src/core/exit.rs says why).
  if (of) return of === to && (own === undefined || (own && own === tab)) ? ids : [];
}

export const letterRow = ({ id, json }, status, at, message) => `1u${status} ${at} ${id}\n${json}\n${free(message)}`;

/** The row of a lease after `holder` took or renewed it; nothing while it is another page's. */
export function takeLease(row, holder) {
  const [until, of] = inside(row).split(' ');
  const now = Date.now();
  if (row && (!until || (of !== holder && until >= now && until <= now + POLICY_LEASE))) return;
  return `1${now + POLICY_LEASE} ${holder}`;
}

// Text that came from outside may hold what separates fields.
const free = (text) => text.replaceAll(SEPARATOR, '');
