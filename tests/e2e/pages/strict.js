import { init, track, flush, stats } from '/pkg/index.js';

const warnings = [];
console.warn = (...words) => warnings.push(words.join(' '));
// The policy forbids the journeys' own scripts, too: what is to be seen is tracked.
for (let n = 0; n < 150; n++) track('step', { n });
init({ apiKey: '{{api_key}}', endpoint: '{{endpoint}}', flushInterval: 0 }).then(async () => {
  const { delivered, waiting } = await flush();
  const { fallbacks, storage } = await stats();
  track('report', { delivered, waiting, fallbacks, storage, warnings });
});
