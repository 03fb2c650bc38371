// What a TypeScript user may write, and what the compiler must refuse. Checked by `tsc`, never run.
import { close, consent, createTracker, debug, flush, hasOptedOut, optIn, optOut, page, register, registerOnce, timeEvent, unregister, identify, init, on, reset, stats, track } from '@appizer/tracker';
import { autocapture } from '@appizer/tracker/auto';
import type { AppizerError, FlushResult, Options, Stats, Tracker } from '@appizer/tracker';

const options: Options = { apiKey: 'key', endpoint: 'https://example.com/e', flushInterval: 1000, batchSize: 50 };
const ready: Promise<void> = init(options);
const relayed: Promise<void> = init({ endpoint: 'https://t.example.com/v1/events/batch' });
const other: Tracker = createTracker({ apiKey: 'key', instance: 'other', metadata: false, userId: 'u1' });

const id: string | null = track('signup', { plan: 'pro', at: new Date(), tags: ['a', null], left: undefined });
other.track('signup', {}, { userId: 'u2', ip: '10.0.0.1', ua: 'curl', time: Date.now() });
identify('u1');
identify('u1', { plan: 'pro' });
reset();
register({ plan: 'pro' });
registerOnce({ first: new Date() });
unregister('plan');
timeEvent('signup');
const view: string | null = page('Prices', { currency: 'EUR' });
optOut();
optIn();
const out: boolean = hasOptedOut();
const asked: 'pending' | 'granted' | 'denied' = consent();
page({ currency: 'EUR' });
const toAddress: Options = { apiKey: 'key', endpoint: new URL('https://example.com/e') };

interface Item {
  sku: string;
  size?: { width: number };
}
interface Order {
  items: Item[];
  gift: Item | null;
}
declare const order: Order;
declare const record: Record<string, unknown>;
// What is declared as an interface, nested, too; and what nobody knows.
track('ordered', order);
identify('u1', order);
register(record);
page('Order', order);
debug().then(({ queued, requests, stats }) => queued[0]?.name ?? requests.filter(({ type }) => type === 'retry').length + stats.queued);
const stop: () => void = autocapture(other, { forms: false });
// What is not known is left out, however strict the compiler is (`exactOptionalPropertyTypes`).
declare const unknown: undefined;
init({ apiKey: 'key', userId: unknown, beforeSend: unknown });
track('signup', undefined, { userId: unknown, time: unknown });
declare const tags: readonly string[];
track('signup', { tags });
init({
  apiKey: 'key',
  sessionTimeout: 60_000,
  pageViews: true,
  consent: 'pending',
  bots: 'flag',
  denyProperties: ['email'],
  beforeSend(event) {
    if (event.name === 'secret') return null;
    event.properties = { ...event.properties, checked: true };
    return event;
  },
});

const result: Promise<FlushResult> = flush();
const answer: Promise<Stats> = stats();
const stopped: Promise<void> = close();
result.then(({ delivered, queued, waiting, until }) => [delivered + queued, waiting === 'backoff', until?.getTime()]);
answer.then((account) => account.accepted - account.delivered - (account.dropped['storage_lost'] ?? 0));
ready.catch((error: AppizerError) => error.code === 'invalid_option' && error.option);

const forget: () => void = on('delivered', ({ count, ids }) => ids.length === count);
on('rejected', ({ code, message, name }) => code === 'too_large' && message + name);
on('retry', ({ attempt, delay, status }) => attempt + delay + status);

// @ts-expect-error a key is required, or the endpoint of a relay
init({});
// @ts-expect-error no such option
init({ apiKey: 'key', flushIntervall: 1 });
// @ts-expect-error a name is a string
track(7);
// @ts-expect-error properties are an object
track('signup', 'pro');
// @ts-expect-error properties are a plain object
track('signup', () => 1);
// @ts-expect-error properties are no list
track('signup', ['pro']);
// @ts-expect-error nor a date
track('signup', new Date());
// @ts-expect-error nor a map
track('signup', new Map());
// @ts-expect-error no such override
track('signup', {}, { user: 'u1' });
// @ts-expect-error consent is granted or pending
init({ apiKey: 'key', consent: 'denied' });
// @ts-expect-error no such part
autocapture(other, { keys: true });
// @ts-expect-error a name is no number
page(7);
// @ts-expect-error no such notice
on('deliverd', () => {});

export { answer, asked, forget, id, out, relayed, stop, stopped, toAddress, view };
