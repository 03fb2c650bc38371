import { init, track } from '@appizer/tracker';

const ready = init({ apiKey: 'bench_key', endpoint: `${sink}/v1/events/batch`, requestsPerMinute: Infinity, ...settings });

window.tracker = { ready, track };
