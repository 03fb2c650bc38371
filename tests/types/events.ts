// A tracker that knows its events by name, and listeners that know their notices. Checked by `tsc`, never run.
import { createTracker, on } from '@appizer/tracker';
import type { AnyEvents, Notice, Properties, Tracker } from '@appizer/tracker';

interface Purchase {
  plan: 'free' | 'pro';
  seats?: number;
}

// An interface and a type literal serve alike.
interface Events {
  purchase: Purchase;
  search: { query: string; tags: string[] };
  logout: {};
  login: undefined;
  seen: { at?: Date };
}

const tracker = createTracker<Events>({ apiKey: 'key' });
const literal = createTracker<{ signup: { plan: string } }>({ apiKey: 'key' });

const id: string | null = tracker.track('purchase', { plan: 'pro', seats: 3 });
tracker.track('search', { query: 'x', tags: [] }, { userId: 'u1' });
tracker.track('logout');
tracker.track('login');
tracker.track('login', undefined, { userId: 'u1' });
tracker.track('logout', undefined, { time: 0 });
tracker.track('seen', { at: new Date() });
literal.track('signup', { plan: 'pro' });

// @ts-expect-error no such event
tracker.track('purchased', { plan: 'pro' });
// @ts-expect-error it has no properties
tracker.track('login', { plan: 'pro' });
// @ts-expect-error its properties are required
tracker.track('purchase');
// @ts-expect-error so is this one of them
tracker.track('purchase', { seats: 1 });
// @ts-expect-error of another type
tracker.track('purchase', { plan: 'gold' });
// @ts-expect-error no such property
tracker.track('purchase', { plan: 'pro', seat: 1 });
// @ts-expect-error properties of another event
tracker.track('search', { plan: 'pro' });
// @ts-expect-error no such override
tracker.track('logout', {}, { user: 'u1' });
// @ts-expect-error a map is made of objects
createTracker<string>({ apiKey: 'key' });

// Without a map every name goes, with or without properties.
const any: Tracker<AnyEvents> = createTracker({ apiKey: 'key' });
const name: string = 'name made at run time';
const properties: Properties = { nested: { list: [1, 'two', null] } };
any.track(name, properties);
any.track(name);

const counts: number[] = [];
on('delivered', ({ type, count }) => type === 'delivered' && counts.push(count));
on('paused', ({ reason, until }) => reason === 'forbidden' && until.toISOString());
on('dropped', (notice) => notice.reason.length + notice.count);
on('consent', ({ state }) => state === 'pending');
on('paused', ({ reason }) => reason === 'not_found');
tracker.on('degraded', ({ fallback, message }) => fallback + message);

// @ts-expect-error delivered batches have no attempt
on('delivered', ({ attempt }) => attempt);
// @ts-expect-error no such reason
on('paused', ({ reason }) => reason === 'tired');

/** One listener for several types tells them apart by `type`. */
export function describe(notice: Notice): string {
  switch (notice.type) {
    case 'delivered':
      return notice.ids.join();
    case 'retry':
      return `${notice.attempt} after ${notice.delay} ms`;
    case 'rejected':
      return notice.code;
    default:
      return notice.type;
  }
}

export { id };
