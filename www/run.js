// One run of the demo: page and collector count from the same moment. Both have counts of earlier runs, which are taken off.

const NAME = 'demo:run';
const TRACKER = ['accepted', 'delivered', 'handedOver', 'rejected', 'uncertain', 'refused'];
const COLLECTOR = ['events', 'distinct_event_ids', 'requests'];

let start = read();

/** Begins a run with these counts. What is queued belongs to the new run. */
export function beginRun(stats, summary) {
  start = { stats: { ...stats, accepted: stats.accepted - stats.queued }, summary };
  localStorage.setItem(NAME, JSON.stringify(start));
}

/** Returns true if a run has begun, and the collector's counts have not gone back since: then its database is another. */
export const isRunOf = (summary) => start !== null && summary.events >= start.summary.events;

export function ofRun(stats) {
  const dropped = Object.entries(stats.dropped).map(([reason, count]) => [reason, count - (start?.stats.dropped[reason] ?? 0)]);
  return { ...less(stats, start?.stats, TRACKER), dropped: Object.fromEntries(dropped) };
}

export const heldOfRun = (summary) => less(summary, start?.summary, COLLECTOR);

/** `refused` is counted by each page for itself: a page that was opened in the run began with none. */
export function notePage() {
  if (start) start.stats.refused = 0;
}

function less(counts, from, names) {
  return { ...counts, ...Object.fromEntries(names.map((name) => [name, counts[name] - (from?.[name] ?? 0)])) };
}

function read() {
  try {
    return JSON.parse(localStorage.getItem(NAME));
  } catch {
    return null;
  }
}
