//! A network that the test holds in its hand: `fetch` is replaced for as long as a [`Network`] lives.
#![allow(dead_code, reason = "each test binary uses its part")]

use js_sys::{Array, JSON, Object, Reflect};
use wasm_bindgen::prelude::*;

#[wasm_bindgen(inline_js = "
let real;
let requests = [];
let answers = [];
export function take_network() {
  real ??= globalThis.fetch;
  requests = [];
  answers = [];
  globalThis.fetch = async (url, init) => {
    requests.push({ url, keepalive: init.keepalive, key: init.headers.Authorization, body: init.body });
    const status = answers.shift() ?? 200;
    if (status === 0) throw new TypeError('Failed to fetch');
    const count = JSON.parse(init.body).events.length;
    const body = { success: status === 200, processed_count: count, message: 'told' };
    return new Response(JSON.stringify(body), { status });
  };
}
export function release_network() { globalThis.fetch = real; }
export function next_answer(status) { answers.push(status); }
export function sent_requests() { return requests; }
export function hide_locks() {
  Object.defineProperty(navigator, 'locks', { value: undefined, configurable: true });
}
export function show_locks() { delete navigator.locks; }
let factory;
export function hide_indexed_db() {
  factory ??= Object.getOwnPropertyDescriptor(globalThis, 'indexedDB') ?? null;
  Object.defineProperty(globalThis, 'indexedDB', { value: undefined, configurable: true });
}
export function show_indexed_db() {
  if (factory) Object.defineProperty(globalThis, 'indexedDB', factory);
  else delete globalThis.indexedDB;
}
export function warnings(run) {
  const { warn } = console;
  const told = [];
  console.warn = (...words) => told.push(words.join(' '));
  run();
  console.warn = warn;
  return told;
}
export const otherVersion = (name, version, stores) => new Promise((resolve, reject) => {
  const request = indexedDB.open(name, version);
  request.onupgradeneeded = () => {
    for (const store of stores.split(' ')) {
      if (!request.result.objectStoreNames.contains(store)) request.result.createObjectStore(store);
    }
  };
  request.onsuccess = () => resolve(request.result.close());
  request.onerror = () => reject(request.error);
});
let transaction;
let allowed;
let failed = 0;
export function fail_transactions_after(instance, count) {
  transaction ??= IDBDatabase.prototype.transaction;
  allowed = count;
  failed = 0;
  IDBDatabase.prototype.transaction = function (...args) {
    if (this.name !== `appizer-${instance}` || allowed-- > 0) return transaction.apply(this, args);
    failed++;
    throw new DOMException('The database connection is closing.', 'InvalidStateError');
  };
}
export const failed_transactions = () => failed;
export const lockFreed = (name) => navigator.locks.request(name, () => {});
export function sleep(ms) { return new Promise((resolve) => setTimeout(resolve, ms)); }
")]
extern "C" {
    fn take_network();
    fn release_network();
    fn next_answer(status: u16);
    fn sent_requests() -> Array;
    pub fn hide_locks();
    pub fn show_locks();
    pub fn hide_indexed_db();
    pub fn show_indexed_db();
    pub fn warnings(run: &mut dyn FnMut()) -> Vec<String>;
    /// Has an instance's transactions after the next `count` fail, until it is called again.
    pub fn fail_transactions_after(instance: &str, count: u32);
    pub fn failed_transactions() -> u32;
    /// Waits until nobody holds the Web Lock.
    #[wasm_bindgen(catch, js_name = lockFreed)]
    pub async fn lock_freed(name: &str) -> Result<JsValue, JsValue>;
    pub fn sleep(ms: u32) -> js_sys::Promise;
    /// Does to the database what another version of this library would do.
    #[wasm_bindgen(catch, js_name = otherVersion)]
    pub async fn other_version(name: &str, version: u32, stores: &str) -> Result<JsValue, JsValue>;
}

pub struct Network;

impl Network {
    pub fn take() -> Self {
        take_network();
        Self
    }

    /// The next request that has no answer yet gets this one; 0 is a network error.
    pub fn answer(&self, status: u16) {
        next_answer(status);
    }

    pub fn requests(&self) -> Vec<JsValue> {
        sent_requests().to_vec()
    }

    pub fn events(&self) -> Vec<JsValue> {
        let bodies =
            self.requests().into_iter().map(|request| JSON::parse(&text(&request, &["body"])).unwrap());
        bodies
            .flat_map(|body| Array::from(&Reflect::get(&body, &"events".into()).unwrap()).to_vec())
            .collect()
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        release_network();
    }
}

/// Options for a tracker of its own, with further ones on top.
pub fn options(instance: &str, further: &[(&str, JsValue)]) -> JsValue {
    let options = Object::new();
    let usual = [
        ("apiKey", "test_key".into()),
        ("endpoint", "/v1/events/batch".into()),
        ("instance", instance.into()),
    ];
    for (name, value) in usual.iter().chain(further) {
        Reflect::set(&options, &(*name).into(), value).unwrap();
    }
    options.into()
}

/// The string at the end of a path of properties; anything else as JSON.
pub fn text(value: &JsValue, path: &[&str]) -> String {
    let end = path.iter().fold(value.clone(), |value, name| Reflect::get(&value, &(*name).into()).unwrap());
    end.as_string().unwrap_or_else(|| JSON::stringify(&end).unwrap().into())
}
