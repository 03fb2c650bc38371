import { AnalyticsBrowser } from '@segment/analytics-next';

// The settings that its CDN would have answered with, so that it asks nobody.
const destination = { apiKey: 'bench_key', apiHost: `${sink.slice('http://'.length)}/v1`, protocol: 'http' };
const cdnSettings = { integrations: { 'Segment.io': destination } };
const analytics = AnalyticsBrowser.load({ writeKey: 'bench_key', cdnSettings });

window.tracker = {
  ready: analytics.then(() => undefined),
  track: (name, properties) => analytics.track(name, properties),
};
