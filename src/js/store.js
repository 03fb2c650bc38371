// The queue's part of IndexedDB, localStorage and Web Locks. It is mechanical and decides nothing: rows are
// texts that src/core/rows.rs writes and reads, changes of rows its `Operations`. Plain JavaScript, because a call of
// IndexedDB is a line here and a state machine of 500 to 1,000 bytes in WebAssembly.

const STORES = ['segments', 'accounts', 'identity', 'marks', 'leases', 'dead_letters', 'shared'];
/** Those of them that hold what the visitor did. */
const OF_THE_VISITOR = STORES.filter((name) => name !== 'leases' && name !== 'shared');

/** The name of the note that these are to be cleared. It stands until they are: the page may be gone before. */
const forgetting = (instance) => `appizer:${instance}:forget`;

/** Stands between the fields of joined texts, and in none of them. */
export const SEPARATOR = '\x1f';

// What `answer` is told beside the answers to calls; `Kind` of src/browser/store.rs.
const OPENED = 0;
const WRITTEN = 1;
const ORPHANS = 2;
const LEASE = 3;
const USURPED = 4;
const RESEND = 8;
const DISCARD = 9;
const CLOSED = 12;
const ENTER = 15;
const CANDIDATES = 16;

/**
 * The queue's store for the page `owner`. What comes of every call is told by `answer(kind, id, text, failure)`.
 *
 * - `ENTER`: `text` is the identity rows, read as the page opens the store; carried out are the operations that it returns.
 * - `OPENED`: the page has its own lock or lease.
 * - `CANDIDATES`: `text` is the names of pages that left something; looked for are those that it returns.
 * - `LEASE`: `text` is a lease's row; the page's to take or renew if it returns another.
 * - `USURPED`: another page has taken a lease of this one's, which it is to renew every `renewal` milliseconds.
 * - `RESEND`, `DISCARD`: `text` is rows that the page takes: what it commits meanwhile is of the transaction that reads them, so
 *   that of two pages one gets them.
 * - `CLOSED`: the browser closed the database.
 */
export function makeStore(instance, owner, renewal, answer) {
  const held = new Map();
  let opening;
  let database;
  let closed;
  let renewing;
  /** Transactions that cannot end without this page. */
  const pending = new Set();
  /** The reading of rows that the page takes, and what it is to commit, in its order. */
  let taking;

  const tell = (kind, id, promise) =>
    promise.then((text) => answer(kind, id, text), (error) => answer(kind, id, undefined, `${error?.name}${SEPARATOR}${error?.message}`));

  // Runs `work` at once in a transaction of its own, and waits until that is committed.
  const transact = (stores, mode, work) =>
    new Promise((resolve, reject) => {
      const transaction = database.transaction(stores, mode);
      let result;
      pending.add(transaction);
      transaction.oncomplete = () => {
        pending.delete(transaction);
        resolve(result);
      };
      transaction.onabort = () => {
        pending.delete(transaction);
        reject(transaction.error);
      };
      work((store) => transaction.objectStore(store), (value) => (result = value), transaction);
    });

  // A transaction in the midst of its questions, left by a page that goes into the back/forward cache, blocks all pages
  // after it for as long as that page is kept (seen in WebKit).
  const giveUp = () => {
    for (const transaction of pending) {
      try {
        transaction.abort();
      } catch {
        // It has just ended.
      }
    }
    pending.clear();
    database?.close();
  };

  // Has it end by itself: one that is still open when its page goes away may be lost.
  const commit = (transaction) => {
    transaction.commit?.();
    pending.delete(transaction);
  };

  const update = (store, key, change, stores = [store]) =>
    transact(stores, 'readwrite', (rows, settle) => {
      rows(store).get(key).onsuccess = ({ target }) => {
        const row = change(target.result, rows);
        if (row != null) rows(store).put(row, key);
        settle(row);
      };
    });

  // Reads the keys and rows of a range inside a transaction.
  const readRange = (store, then, range, limit) => {
    let keys;
    store.getAllKeys(range, limit).onsuccess = ({ target }) => (keys = target.result);
    store.getAll(range, limit).onsuccess = ({ target }) => then(join(keys.flatMap((key, place) => [key, target.result[place]])));
  };

  // Moves in what pages left in localStorage. It is read inside the transaction, so that what another page has moved
  // and sent meanwhile does not come back. A page that enters has its say on the identity rows in the same transaction.
  const moveIn = async (enters) => {
    let names;
    const forgets = enters && find(forgetting(instance));
    await transact(STORES, 'readwrite', (rows) => {
      if (forgets) OF_THE_VISITOR.forEach((name) => rows(name).clear());
      readRange(rows('identity'), (identities) => {
        names = kept(`appizer:${instance}:left`).filter((name) => {
          const operations = find(name);
          const fields = operations.split(SEPARATOR);
          // What a newer version left, or nobody of us, stays.
          const known = fields.length % 3 === 0 && fields.every((field, place) => place % 3 || STORES.includes(field));
          if (known) apply(operations, rows);
          return known;
        });
        if (enters) apply(answer(ENTER, opening, identities), rows);
      });
    });
    names.forEach((name) => keep(name));
    if (forgets) keep(forgetting(instance));
  };

  // Whether the records of `of` are this page's now.
  const take = (of) =>
    navigator.locks
      ? new Promise((resolve) => {
          const granted = (lock) => {
            if (!lock || closed) return resolve(false);
            // The browser holds the lock for as long as this promise is pending.
            return new Promise((release) => {
              held.set(of, release);
              resolve(true);
            });
          };
          navigator.locks.request(`appizer:${instance}:${of}`, { ifAvailable: true }, granted).catch(() => resolve(false));
        })
      : update('leases', of, (row) => (closed ? undefined : answer(LEASE, 0, row))).then((row) => {
          if (row) held.set(of);
          return !!row;
        });

  const renew = async () => {
    for (const of of held.keys()) {
      // A failure is no loss: the next renewal may succeed.
      if (!(await take(of).catch(() => true))) {
        held.delete(of);
        answer(USURPED, opening);
      }
    }
  };

  const open = async (id) => {
    const { locks } = navigator;
    // Both, before anything is stored: a page must never look dead while it lives.
    let [opened] = await Promise.all([openDatabase(instance), locks && !held.has(owner) && take(owner)]);
    if (missing(opened).length) {
      opened.close();
      opened = await openDatabase(instance, opened.version + 1);
    }
    if (closed || id !== opening) return opened.close();
    database = opened;
    // A newer version of this library waits for us to let go, or the data was deleted.
    opened.onversionchange = opened.onclose = () => {
      opened.close();
      if (opened === database) answer(CLOSED, id);
    };
    await moveIn(true);
    if (!locks) {
      await take(owner);
      clearInterval(renewing);
      renewing = setInterval(renew, renewal);
    }
  };

  // The names of the pages that are gone and whose records are this page's now, each with its account and its mark.
  const adopt = async () => {
    await moveIn();
    const owners = new Set();
    await transact(STORES, 'readonly', (rows) => {
      for (const store of ['segments', 'accounts', 'marks']) {
        rows(store).getAllKeys().onsuccess = ({ target }) => target.result.forEach((key) => owners.add(`${key}`.split('/')[0]));
      }
    });
    const candidates = answer(CANDIDATES, 0, [...owners].join(SEPARATOR)).split(SEPARATOR);
    const found = [];
    try {
      for (const of of candidates) {
        // Once the page has left, its own name is as free as any, and must stay so.
        if (of && !closed && !held.has(of) && (await take(of))) found.push(of);
      }
      // A page may have left something after the first look and before its lock was free: it must not come back later.
      if (found.length) await moveIn();
      return await readOrphans(found);
    } catch (error) {
      // They are another page's to adopt, or this one's at its next look.
      found.forEach(release);
      throw error;
    }
  };

  // Reads what is claimed and so changed by nobody else: the names, each with its account and its mark.
  const readOrphans = async (found) => {
    const fields = [];
    await transact(STORES, 'readonly', (rows) => {
      found.forEach((of, place) => {
        fields[place * 3] = of;
        rows('accounts').get(of).onsuccess = ({ target }) => (fields[place * 3 + 1] = target.result);
        rows('marks').get(of).onsuccess = ({ target }) => (fields[place * 3 + 2] = target.result);
      });
    });
    return join(fields);
  };

  // Gives back a lock; a lease ends by itself.
  const release = (of) => {
    held.get(of)?.();
    held.delete(of);
  };

  return {
    /** Opens it, once more if it was closed. */
    open(id) {
      giveUp();
      opening = id;
      tell(OPENED, id, open(id));
    },

    /** Whether leases take the place of locks. */
    get leases() {
      return !navigator.locks;
    },

    /** One transaction, begun at once. Of the dead letters at most `letters` are kept, if it is not 0. */
    commit(id, operations, letters) {
      if (taking) {
        taking.operations.push(operations);
        return tell(WRITTEN, id, taking.read);
      }
      // No more stores than it changes: a transaction that the browser never ends blocks all of its own.
      const stores = new Set(operations.split(SEPARATOR).filter((field, place) => place % 3 === 0));
      const written = transact([...stores], 'readwrite', (rows, settle, transaction) => {
        apply(operations, rows);
        commit(transaction);
      });
      tell(WRITTEN, id, written);
      if (letters) {
        written.then(() =>
          transact('dead_letters', 'readwrite', (rows) => {
            const all = rows('dead_letters');
            all.getAllKeys().onsuccess = ({ target }) => target.result.slice(0, -letters).forEach((key) => all.delete(key));
          }),
        ).catch(() => {});
      }
    },

    /** The keys and rows after `lower` and up to `upper`, at most `limit` of them if it is not 0. */
    read(kind, id, store, lower, upper, limit) {
      const takes = kind === RESEND || kind === DISCARD;
      if (takes && taking) return tell(kind, id, Promise.resolve(''));
      const read = transact(takes ? STORES : store, takes ? 'readwrite' : 'readonly', (rows, settle, transaction) => {
        const then = (text) => {
          settle(text);
          if (takes) {
            answer(kind, id, text);
            taking.operations.forEach((operations) => apply(operations, rows));
            taking = undefined;
            commit(transaction);
          }
        };
        readRange(rows(store), then, IDBKeyRange.bound(lower, upper, true), limit);
      });
      if (!takes) return tell(kind, id, read);
      taking = { operations: [], read };
      read.catch(() => {
        if (taking?.read === read) taking = undefined;
        answer(kind, id);
      });
    },

    /** Puts a row through `answer(kind, id, row)`, which is asked in the midst of a transaction. */
    update(kind, done, id, store, key) {
      tell(done, id, update(store, key, (row) => answer(kind, id, row)));
    },

    /** Clears what the visitor did at once, also in localStorage; then `operations` follow. */
    clear(operations) {
      forgetAll(instance);
      const cleared = transact(OF_THE_VISITOR, 'readwrite', (rows, settle, transaction) => {
        OF_THE_VISITOR.forEach((name) => rows(name).clear());
        apply(operations, rows);
        commit(transaction);
      });
      cleared.then(() => keep(forgetting(instance)), () => {});
    },

    /** Looks for what pages that are gone left, and takes it. */
    adopt(id) {
      // A page that has left since has let go of what it claimed.
      adopt().then((text) => closed || answer(ORPHANS, id, text), () => {});
    },

    /** The page goes away: `operations` are committed and kept, locks and leases given back, the database closed. */
    leave(operations) {
      closed = true;
      clearInterval(renewing);
      // What waits for a reading that is given up with the rest.
      const late = taking?.operations ?? [];
      taking = undefined;
      late.forEach((operations) => this.commit(0, operations, 0));
      if (operations) keep(`appizer:${instance}:left-mark:${owner}`, operations);
      const leases = [];
      for (const [of, release] of held) release ? release() : leases.push('leases', of, '');
      held.clear();
      const all = [operations, ...leases].filter((field, place) => place || field).join(SEPARATOR);
      if (all && database) this.commit(0, all, 0);
      // Once what is committed has ended; an open one would keep the page from the back/forward cache.
      giveUp();
    },
  };
}

// In whatever version it has: a newer one of this library may have added stores of its own, an older one may lack some
// of ours, and both work on with it side by side.
const openDatabase = (instance, version) =>
  new Promise((resolve, reject) => {
    const request = indexedDB.open(`appizer-${instance}`, version);
    request.onupgradeneeded = () => missing(request.result).forEach((store) => request.result.createObjectStore(store));
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

const missing = (database) => STORES.filter((store) => !database.objectStoreNames.contains(store));

/** Keeps a text in localStorage, or forgets it. Whether the browser let it. */
export function keep(name, text) {
  try {
    if (!text) localStorage.removeItem(name);
    // Writing costs many times what looking does: all other pages are told of it.
    else if (localStorage.getItem(name) !== text) localStorage.setItem(name, text);
    return true;
  } catch {
    // Forbidden, full, or a worker.
  }
}

/** A text that was kept, empty if there is none; nothing where none can be read. */
export function find(name) {
  try {
    return localStorage.getItem(name) ?? '';
  } catch {
    // As above.
  }
}

/** A name that the pages of this tab share, empty where none can be kept; nothing but in Firefox (src/core/exit.rs). */
export function tabName() {
  if (!navigator.userAgent?.includes('Firefox/')) return;
  try {
    const tab = sessionStorage.getItem('appizer:tab') ?? Math.random().toString(36).slice(2);
    sessionStorage.setItem('appizer:tab', tab);
    return tab;
  } catch {
    return '';
  }
}

/** Forgets all that is kept in localStorage for the queue, but the visitor's word; notes that the database is to be cleared. */
export function forgetAll(instance) {
  const word = ['opt_out', 'opt_in'].map((name) => `appizer:${instance}:${name}`);
  kept(`appizer:${instance}:`).forEach((name) => word.includes(name) || keep(name));
  keep(forgetting(instance), '1');
}

/** Empties the database and notes that the visitor has opted out, where no core runs that would do it. */
export async function noteOptOut(instance) {
  const database = await openDatabase(instance);
  await new Promise((resolve, reject) => {
    const transaction = database.transaction(OF_THE_VISITOR, 'readwrite');
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
    OF_THE_VISITOR.forEach((name) => transaction.objectStore(name).clear());
    // As src/core/rows.rs writes it.
    transaction.objectStore('identity').put('1', 'opt_out');
  }).finally(() => database.close());
  keep(forgetting(instance));
}

/** The names in localStorage that begin with `prefix`, as a joined text. */
export const names = (prefix) => kept(prefix).join(SEPARATOR);

function kept(prefix) {
  try {
    return Object.keys(localStorage).filter((name) => name.startsWith(prefix));
  } catch {
    return [];
  }
}

function apply(operations, rows) {
  if (!operations) return;
  const fields = operations.split(SEPARATOR);
  for (let place = 0; place < fields.length; place += 3) {
    const [store, key, row] = fields.slice(place, place + 3);
    row ? rows(store).put(row, key) : rows(store).delete(key);
  }
}

// What is not a text without separators was not written by us: it becomes empty, which nobody can read.
function join(fields) {
  return fields.map((field) => (typeof field === 'string' && !field.includes(SEPARATOR) ? field : '')).join(SEPARATOR);
}
