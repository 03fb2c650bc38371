export const BARS = 24;
export const ROWS = 6;

const time = (value) => {
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? '' : date.toLocaleTimeString([], { hour12: false });
};

/** The event's own properties; what the tracker adds begins with `$`. */
function ownProperties(properties) {
  return Object.entries(properties ?? {})
    .filter(([name]) => !name.startsWith('$'))
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
}

/** Always the same number of rows, so that nothing below moves. */
export function renderEvents(body, events) {
  body.replaceChildren(
    ...Array.from({ length: ROWS }, (_, index) => {
      const event = events[index];
      const row = document.createElement('tr');
      const cells = event ? [event.seq, event.event_name, ownProperties(event.properties), time(event.received_at)] : ['\u00a0', '', '', ''];
      for (const text of cells) row.insertCell().textContent = text;
      if (event) row.title = `${event.user_id}\n${event.event_id ?? ''}`;
      return row;
    }),
  );
}

/** One bar for a request, oldest at the left. */
export function renderStrip(list, requests) {
  const shown = requests.slice(0, BARS).reverse();
  list.replaceChildren(
    ...shown.map((request) => {
      const status = request.status || 0;
      const events = request.event_count ?? 0;
      const item = document.createElement('li');
      item.className = status === 200 ? 'good' : status === 429 ? 'limited' : 'bad';
      item.style.setProperty('--full', Math.min(1, events / 100));
      const words = `${status || 'no reply'}: ${events} ${events === 1 ? 'event' : 'events'}, ${time(request.received_at)}`;
      item.title = words;
      const label = document.createElement('span');
      label.className = 'visually-hidden';
      label.textContent = words;
      item.append(label);
      return item;
    }),
  );
}
