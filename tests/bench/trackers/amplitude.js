import * as amplitude from '@amplitude/analytics-browser';

const ready = amplitude.init('bench_key', {
  serverUrl: `${sink}/2/httpapi`,
  autocapture: false,
  // No configuration from elsewhere.
  remoteConfig: { fetchRemoteConfig: false },
  fetchRemoteConfig: false,
}).promise;

window.tracker = { ready, track: (name, properties) => amplitude.track(name, properties) };
