// The script tag's entry: the global `appizer`, started from the tag's attributes, with the calls that a stub
// recorded before this file had loaded.
import * as appizer from './index.js';

// What an attribute's text means, by option. `beforeSend` and `wasm` are no texts.
const KINDS = [
  [String, 'apiKey endpoint userId partialFailure beaconUrl persistence consent bots instance'],
  [Number, 'flushInterval batchSize requestsPerMinute maxQueueEvents maxQueueBytes maxAge sessionTimeout'],
  [(text) => text !== 'false', 'metadata insurance campaign pageViews stripQuery respectPrivacySignals clientHints debug'],
  [(text) => text.split(/\s*,\s*/), 'denyProperties'],
];

const tag = globalThis.document?.currentScript;
const before = globalThis.appizer;
// A page may have the tag twice, its own and a tag manager's: two trackers would both track its views.
if (!before?.init || before.q) globalThis.appizer = { ...appizer };

// An empty key is a template's mistake, and `init` says so.
if (tag && 'apiKey' in tag.dataset) {
  globalThis.appizer.init(read(tag.dataset)).catch((error) => console.error(error));
}
for (const call of before?.q ?? []) {
  replay(...call);
}

// Other attributes are others': of Next.js (`data-nscript`), Cloudflare (`data-cfasync`), consent managers.
function read(dataset) {
  const options = {};
  for (const [meaning, names] of KINDS) {
    for (const name of names.split(' ')) {
      if (name in dataset) options[name] = meaning(dataset[name]);
    }
  }
  return options;
}

// A call is recorded as [name, …arguments], or with the time of the call before that.
function replay(time, name, ...args) {
  if (typeof time === 'string') {
    replay(undefined, time, name, ...args);
  } else {
    if (name === 'track' && time) args[2] = { time, ...args[2] };
    globalThis.appizer[name]?.(...args);
  }
}
