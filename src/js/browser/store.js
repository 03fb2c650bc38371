// The queue's IndexedDB and its Web Locks. It is mechanical and decides nothing: rows are texts that the core writes and
// reads, changes of rows its operations (src/core/rows). Plain JavaScript, because a call of IndexedDB is a line here and a
// state machine of 500 to 1,000 bytes in WebAssembly.

const STORES = ['segments', 'accounts', 'identity', 'marks', 'leases', 'dead_letters', 'shared'];
/** The stores that hold the visitor's data. */
const OF_THE_VISITOR = STORES.filter((name) => name !== 'leases' && name !== 'shared');
/** Stands between the fields of joined texts, and in none of them (src/core/rows). */
const SEPARATOR = '\x1f';

/**
 * The queue's store for the page `owner`. What comes of every call is told to `inbox` (src/browser/inbox.rs), which is also
 * asked, in the midst of a transaction, what is to become of rows that were read.
 *
 * @param {string} instance names the database
 * @param {string} owner
 * @param {number} renewal milliseconds between two renewals of a lease, where there are no Web Locks
 * @param {object} inbox as src/browser/inbox.rs has it
 */
export function makeStore(instance, owner, renewal, inbox) {
  /** Owners whose records are this page's: their locks' releases; nothing for a lease. */
  const held = new Map();
  let opening;
  let database;
  let closed;
  let renewing;
  /** Transactions that cannot end without this page. */
  const pending = new Set();
  /** The transaction in which dead letters are taken, and what is to be committed in it. */
  let taking;

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
        // The transaction has just ended.
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

  const update = (store, key, change) =>
    transact(store, 'readwrite', (rows, settle) => {
      rows(store).get(key).onsuccess = ({ target }) => {
        const row = change(target.result);
        if (row !== undefined) rows(store).put(row, key);
        settle(row);
      };
    });

  // True if the records of `of` are this page's now.
  const claim = (of) =>
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
      : update('leases', of, (row) => (closed ? undefined : inbox.lease(row))).then((row) => {
          if (row !== undefined) held.set(of);
          return row !== undefined;
        });

  // Of these pages those that may be adopted, are gone, and whose records are this page's now.
  const claimAll = async (owners) => {
    const claimed = [];
    for (const of of owners) {
      // Once the page has left, its own name is as free as any, and must stay so.
      if (of && inbox.admits(of) && !closed && !held.has(of) && (await claim(of).catch(() => false))) claimed.push(of);
    }
    return claimed;
  };

  const leftOwners = () => new Set(inbox.leftOwners().split(SEPARATOR));

  // Gives back a lock; a lease ends by itself.
  const release = (of) => {
    held.get(of)?.();
    held.delete(of);
  };

  const renew = async () => {
    for (const of of held.keys()) {
      // A failure is no loss: the next renewal may succeed.
      if (!(await claim(of).catch(() => true))) {
        held.delete(of);
        inbox.usurped(opening);
      }
    }
  };

  const open = async (id, clears) => {
    const { locks } = navigator;
    // Both, before anything is stored: a page must never look dead while it lives.
    let [opened] = await Promise.all([openDatabase(instance), locks && !held.has(owner) && claim(owner)]);
    if (missing(opened).length) {
      opened.close();
      opened = await openDatabase(instance, opened.version + 1);
    }
    if (closed || id !== opening) return opened.close();
    database = opened;
    // A newer version of this library waits for us to let go, or the data was deleted.
    opened.onversionchange = opened.onclose = () => {
      opened.close();
      if (opened === database) inbox.closed(id);
    };
    await transact(OF_THE_VISITOR, 'readwrite', (rows) => {
      if (clears) OF_THE_VISITOR.forEach((name) => rows(name).clear());
      readRange(rows('identity'), (identities) => apply(inbox.enter(identities), rows));
    });
    if (clears) inbox.cleared();
    if (!locks) {
      await claim(owner);
      clearInterval(renewing);
      renewing = setInterval(renew, renewal);
    }
    inbox.opened(id);
  };

  // The names of the pages that are gone and whose records are this page's now, each with its account and its mark.
  const adopt = async () => {
    const owners = leftOwners();
    await transact(STORES, 'readonly', (rows) => {
      for (const store of ['segments', 'accounts', 'marks']) {
        rows(store).getAllKeys().onsuccess = ({ target }) => target.result.forEach((key) => owners.add(`${key}`.split('/')[0]));
      }
    });
    const claimed = await claimAll(owners);
    try {
      return await readOrphans(claimed);
    } catch (error) {
      // They are another page's to adopt, or this one's at its next look.
      claimed.forEach(release);
      throw error;
    }
  };

  // What these pages left in localStorage moves in, and their accounts and marks are read: nobody else changes what is claimed.
  const readOrphans = async (claimed) => {
    const fields = [];
    await transact(STORES, 'readwrite', (rows) => {
      claimed.forEach((of, place) => {
        apply(inbox.left(of), rows);
        fields[place * 3] = of;
        rows('accounts').get(of).onsuccess = ({ target }) => (fields[place * 3 + 1] = target.result);
        rows('marks').get(of).onsuccess = ({ target }) => (fields[place * 3 + 2] = target.result);
      });
    });
    claimed.forEach((of) => inbox.leftStored(of));
    return join(fields);
  };

  const claimLeft = async () => {
    const claimed = navigator.locks ? await claimAll(leftOwners()) : [...leftOwners()].filter((of) => inbox.admits(of));
    const left = claimed.map((of) => inbox.left(of)).filter(Boolean);
    if (!closed && inbox.takeLeft(left.join(SEPARATOR))) claimed.forEach((of) => inbox.leftStored(of));
  };

  const read = (store, lower, upper, limit) =>
    transact(store, 'readonly', (rows, settle) => {
      readRange(rows(store), settle, IDBKeyRange.bound(lower, upper, true), limit);
    });

  return {
    /** Opens it, once more if it was closed; `clears` it first where a page had no time to do so. */
    open(id, clears) {
      giveUp();
      opening = id;
      open(id, clears).catch((error) => inbox.openFailed(id, error));
    },

    /** True if leases take the place of locks. */
    get leases() {
      return !navigator.locks;
    },

    /** Begins one transaction at once. Keeps at most `letters` dead letters, if it is not 0. */
    commit(id, operations, letters) {
      if (taking) {
        taking.operations.push(operations);
        return void taking.done.then(() => inbox.written(id), (error) => inbox.writeFailed(id, error));
      }
      // No more stores than it changes: a transaction that the browser never ends blocks all of its own.
      const stores = new Set(operations.split(SEPARATOR).filter((field, place) => place % 3 === 0));
      const written = transact([...stores], 'readwrite', (rows, settle, transaction) => {
        apply(operations, rows);
        commit(transaction);
      });
      written.then(() => inbox.written(id), (error) => inbox.writeFailed(id, error));
      if (letters) written.then(() => trimLetters(letters)).catch(() => {});
    },

    /** Reads the keys and rows of records after `lower` and up to `upper`, at most `limit`. */
    load(id, lower, upper, limit) {
      read('segments', lower, upper, limit).then((text) => inbox.loaded(id, text), () => inbox.loadFailed(id));
    },

    /** Reads all accounts. */
    readAccounts(id) {
      read('accounts', '', '\uffff').then((text) => inbox.accounts(id, text), () => inbox.accounts(id));
    },

    /** Reads all dead letters. */
    readLetters(id) {
      read('dead_letters', '', '\uffff').then((text) => inbox.letters(id, text), () => inbox.letters(id, ''));
    },

    /** Reads all dead letters; what is committed while the page is told of them is of the same transaction. */
    takeLetters(id, resends) {
      if (taking) return inbox.takenLetters(id, '', resends);
      const operations = [];
      const done = transact(STORES, 'readwrite', (rows, settle, transaction) => {
        readRange(rows('dead_letters'), (text) => {
          inbox.takenLetters(id, text, resends);
          operations.forEach((operation) => apply(operation, rows));
          taking = undefined;
          commit(transaction);
        });
      });
      const mine = (taking = { operations, done });
      done.catch(() => {
        if (taking === mine) taking = undefined;
        inbox.takenLetters(id, '', resends);
      });
    },

    /** Puts the row that pages share under `key` through `inbox.share(id, row)`, which is asked in the midst of a transaction. */
    share(id, key) {
      update('shared', key, (row) => inbox.share(id, row)).then(() => inbox.shared(id, true), () => inbox.shared(id, false));
    },

    /** Clears what the visitor did at once; then `operations` follow. */
    clear(operations) {
      const cleared = transact(OF_THE_VISITOR, 'readwrite', (rows, settle, transaction) => {
        OF_THE_VISITOR.forEach((name) => rows(name).clear());
        apply(operations, rows);
        commit(transaction);
      });
      cleared.then(() => inbox.cleared(), () => {});
    },

    /** Looks for what pages that are gone left, and takes it. */
    adopt() {
      // A page that has left since has let go of what it claimed.
      adopt().then((orphans) => closed || inbox.orphans(orphans), () => {});
    },

    /** Claims what pages left in localStorage where no database can be had; leases would need one. */
    claimLeft() {
      claimLeft().catch(() => {});
    },

    /** The page goes away: `operations` are committed, locks and leases given back, the database closed. */
    leave(operations) {
      closed = true;
      clearInterval(renewing);
      // Callers that wait for a read that is given up.
      const late = taking?.operations ?? [];
      taking = undefined;
      late.forEach((operations) => this.commit(0, operations, 0));
      const leases = [];
      for (const [of, release] of held) release ? release() : leases.push('leases', of, '');
      held.clear();
      const all = [operations, ...leases].filter((field, place) => place || field).join(SEPARATOR);
      if (all && database) this.commit(0, all, 0);
      // Once what is committed has ended; an open one would keep the page from the back/forward cache.
      giveUp();
    },
  };

  function trimLetters(most) {
    return transact('dead_letters', 'readwrite', (rows) => {
      const all = rows('dead_letters');
      all.getAllKeys().onsuccess = ({ target }) => target.result.slice(0, -most).forEach((key) => all.delete(key));
    });
  }
}

/** Empties the database and carries out `operations`, where no core runs that would do it. */
export async function emptyDatabase(instance, operations) {
  const database = await openDatabase(instance);
  await new Promise((resolve, reject) => {
    const transaction = database.transaction(OF_THE_VISITOR, 'readwrite');
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
    OF_THE_VISITOR.forEach((name) => transaction.objectStore(name).clear());
    apply(operations, (name) => transaction.objectStore(name));
  }).finally(() => database.close());
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

// Reads keys and rows, joined.
function readRange(store, then, range, limit) {
  let keys;
  store.getAllKeys(range, limit).onsuccess = ({ target }) => (keys = target.result);
  store.getAll(range, limit).onsuccess = ({ target }) => then(join(keys.flatMap((key, place) => [key, target.result[place]])));
}

// Each operation is a store, a key and a row; without a row it deletes.
function apply(operations, rows) {
  if (!operations) return;
  const fields = operations.split(SEPARATOR);
  for (let place = 0; place < fields.length; place += 3) {
    const [store, key, row] = fields.slice(place, place + 3);
    row ? rows(store).put(row, key) : rows(store).delete(key);
  }
}

// A value that is no text, or has separators, is not ours: it becomes empty, which is unreadable.
function join(fields) {
  return fields.map((field) => (typeof field === 'string' && !field.includes(SEPARATOR) ? field : '')).join(SEPARATOR);
}
