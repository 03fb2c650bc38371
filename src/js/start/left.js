// What a page without a core leaves in localStorage for the next one that has a core: records and a mark, as
// src/core/rows reads them. tests/cases/left.json holds both to the same text.

const idsOf = (events) => events.map(({ id }) => id).join(' ');

/** Returns the operations that put `events` as records of `owner`, tracked at `at`; an empty text for none. */
export function recordsOf(owner, at, events) {
  const fields = [];
  for (let first = 0; first < events.length; first += POLICY_MAX_SEGMENT_EVENTS) {
    const segment = events.slice(first, first + POLICY_MAX_SEGMENT_EVENTS);
    const key = `${owner}/${`${first / POLICY_MAX_SEGMENT_EVENTS}`.padStart(8, '0')}`;
    fields.push('segments', key, `1${at} ${idsOf(segment)}\n${segment.map(({ json }) => json).join(',\n')}`);
  }
  return fields.join(APPIZER_SEPARATOR);
}

/** Returns the operation that puts the mark of `owner`: these events were given to the browser; an empty text for none. */
export function markOf(owner, destination, at, tab, events) {
  return events.length ? ['marks', owner, `1${destination}:${at}:${tab} ${idsOf(events)}`].join(APPIZER_SEPARATOR) : '';
}
