// The other entries: slim, which is told where its module is, and the script tag's global. Checked by `tsc`, never run.
import { createTracker, flush, init, track } from '@appizer/tracker/slim';
import type { DropReason, SlimOptions, SlimTracker, Stats, WasmSource } from '@appizer/tracker/slim';
import * as whole from '@appizer/tracker';

declare const module: WebAssembly.Module;

const sources: WasmSource[] = ['/appizer_bg.wasm', new URL('https://example.com/x.wasm'), module, fetch('/x.wasm')];
const options: SlimOptions = { apiKey: 'key', wasm: new Response() };
const ready: Promise<void> = init(options);
const tracker: SlimTracker<{ signup: { plan: string } }> = createTracker({ apiKey: 'key', wasm: '/appizer_bg.wasm' });
const id: string | null = track('signup');
tracker.track('signup', { plan: 'pro' });
flush().then(({ queued }) => queued + sources.length);
const account: Promise<Stats> = tracker.stats();
const reason: DropReason = 'max_age';

// @ts-expect-error slim needs to know where the module is
init({ apiKey: 'key' });
// @ts-expect-error and this is no place
init({ apiKey: 'key', wasm: 7 });
// @ts-expect-error nor has the map this event
tracker.track('signin');
// @ts-expect-error the default entry has it inside
whole.init({ apiKey: 'key', wasm: '/appizer_bg.wasm' });

const fromScript: string | null = appizer.track('signup', { plan: 'pro' });
window.appizer.flush().then(({ delivered }) => delivered);
appizer.q.push(['register', { plan: 'pro' }], [Date.now(), 'track', 'signup']);
// @ts-expect-error no such function
appizer.q.push(['trak', 'signup']);
// @ts-expect-error no such function
appizer.trak('signup');

export { account, fromScript, id, ready, reason };
