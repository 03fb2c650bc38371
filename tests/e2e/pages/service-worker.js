import { init, stats, track } from '/pkg/static.js';

// A service worker cannot import a chunk: the entry with everything in one file serves it.
onmessage = async ({ ports: [port] }) => {
  await init({ apiKey: '{{api_key}}', endpoint: '{{endpoint}}', flushInterval: 0 });
  track('in_service_worker', { n: 1 });
  const { fallbacks, storage } = await stats();
  port.postMessage({ fallbacks, storage });
};
