// One of our entries, started as a page would start it, and left to the measuring.
export function start({ init, track }) {
  const begun = performance.now();
  const ready = init({ apiKey: 'bench_key', endpoint: `${sink}/v1/events/batch`, requestsPerMinute: Infinity, ...settings });

  /** Milliseconds that the call of `init` blocks the page. */
  const blocked = performance.now() - begun;

  window.tracker = { ready, track, blocked };
}
