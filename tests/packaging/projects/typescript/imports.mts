import { createTracker, init, track } from '@appizer/tracker';
import type { Options, Stats } from '@appizer/tracker';
import * as slim from '@appizer/tracker/slim';
import '@appizer/tracker/script';

const options: Options = { apiKey: 'key', batchSize: 50 };
export const ready: Promise<void> = init(options);
export const id: string | null = track('signup', { plan: 'pro' });
export const account: Promise<Stats> = createTracker<{ signup: { plan: string } }>(options).stats();
export const compiled: Promise<void> = slim.init({ ...options, wasm: fetch('/appizer_bg.wasm') });
appizer.track('signup');
// @ts-expect-error a key is required
init({});
