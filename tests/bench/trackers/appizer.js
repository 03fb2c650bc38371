import { init, track } from '@appizer/tracker';

const begun = performance.now();
const ready = init({ apiKey: 'bench_key', endpoint: `${sink}/v1/events/batch`, requestsPerMinute: Infinity, ...settings });

/** Milliseconds that the call of `init` blocks the page. */
const blocked = performance.now() - begun;

window.tracker = { ready, track, blocked };
