import { newTracker, trackSelfDescribingEvent } from '@snowplow/browser-tracker';

newTracker('bench', sink, { appId: 'bench' });

const schema = 'iglu:com.example/bench/jsonschema/1-0-0';

window.tracker = {
  ready: Promise.resolve(),
  track: (name, properties) => trackSelfDescribingEvent({ event: { schema, data: { name, ...properties } } }),
};
