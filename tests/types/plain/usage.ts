// The types of a plain `wasm-pack build --target web`. Checked by `tsc`, never run.
import load, { close, deadLetters, discardDeadLetters, flush, identify, init, on, resendDeadLetters, reset, stats, track } from 'appizer-tracker';
import type { AppizerError, DeadLetter, FlushResult, Options, Stats } from 'appizer-tracker';

const options: Options = { apiKey: 'key', batchSize: 50, persistence: 'memory' };
const ready: Promise<void> = load().then(() => init(options));
init({ endpoint: '/events' }).catch((error: AppizerError) => error.code === 'invalid_option' && error.option);

const id: string | undefined = track('signup', { plan: 'pro', at: new Date(), tags: ['a', null] });
track('signup');
track('signup', undefined, { userId: 'u2', time: Date.now() });
identify('u1');
reset();
close();

const result: Promise<FlushResult | undefined> = flush();
const account: Promise<Stats | undefined> = stats();
const letters: Promise<DeadLetter[] | undefined> = deadLetters();
const counts: Promise<number | undefined>[] = [resendDeadLetters(), discardDeadLetters()];
const forget: () => void = on('delivered', ({ count, ids }) => ids.length === count);
on('paused', ({ reason, until }) => reason === 'forbidden' && until.toFixed());

// These fail where a type is `any`.
// @ts-expect-error the module resolves with nothing before `init`
flush().then(({ delivered }) => delivered);
// @ts-expect-error
stats().then((account) => account.queued);
// @ts-expect-error
deadLetters().then((letters) => letters.length);
// @ts-expect-error
resendDeadLetters().then((count) => count.toFixed());
// @ts-expect-error
discardDeadLetters().then((count) => count.toFixed());
// @ts-expect-error a key or an endpoint is required
init({});
// @ts-expect-error an option of the npm package alone
init({ apiKey: 'key', pageViews: true });
// @ts-expect-error a name is a string
track(7);
// @ts-expect-error properties are an object
track('signup', 'pro');
// @ts-expect-error no such override
track('signup', {}, { user: 'u1' });
// @ts-expect-error delivered batches have no attempt
on('delivered', ({ attempt }) => attempt);
// @ts-expect-error no such notice
on('deliverd', () => {});

export { account, counts, forget, id, letters, ready, result };
