/** The collector stands next door: on the page's port, less one. */
const base = `${location.protocol}//${location.hostname}:${Number(location.port) - 1}`;

export const address = base;
export const endpoint = `${base}/v1/events/batch`;

async function ask(path, init) {
  const response = await fetch(base + path, { cache: 'no-store', signal: AbortSignal.timeout(4000), ...init });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  const text = await response.text();
  return text ? JSON.parse(text) : null;
}

export const summary = () => ask('/v1/summary');
export const latestEvents = async (limit) => (await ask(`/v1/events?limit=${limit}`)).events;
export const latestRequests = async (limit) => (await ask(`/v1/requests?limit=${limit}`)).requests;

const FAULTS = {
  down: { drop: 'before' },
  429: { status: 429, retry_after: '5' },
  500: { status: 500 },
};

/** Sets one of the switch's four states: `none`, `down`, `429`, `500`. */
export function setFault(name) {
  if (name === 'none') return ask('/control/faults', { method: 'DELETE' });
  return ask('/control/faults', {
    method: 'PUT',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(FAULTS[name]),
  });
}

/** The switch's present state, or `null` for a fault set by hand that the switch does not know. */
export async function fault() {
  const answer = await ask('/control/faults');
  const set = answer?.faults ?? answer ?? {};
  if (set.drop) return set.drop === 'before' ? 'down' : null;
  if (set.status) return String(set.status) in FAULTS ? String(set.status) : null;
  return 'none';
}
