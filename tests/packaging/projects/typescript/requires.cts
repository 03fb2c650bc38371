import tracker = require('@appizer/tracker');
import slim = require('@appizer/tracker/slim');

export const id: string | null = tracker.track('signup', { plan: 'pro' });
export const compiled: Promise<void> = slim.init({ apiKey: 'key', wasm: new URL('https://example.com/appizer_bg.wasm') });
// @ts-expect-error a name is a string
tracker.track(7);
