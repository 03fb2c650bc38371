import { init, track } from '/pkg/index.js';

init({ apiKey: '{{api_key}}', endpoint: '{{endpoint}}', flushInterval: 0 }).then(
  () => postMessage({ id: track('in_worker', { n: 1 }) }),
  (error) => postMessage({ error: String(error) }),
);
