//! Records that a page left in `localStorage`, because they were not in the store when it went away. Their keys
//! are those of the store: to put a record twice changes nothing.

use crate::browser::environment::{local_storage, property, set};
use crate::core::segment::{RECORD_FORMAT, Record, SegmentKey};
use js_sys::{Array, JSON, Object};
use wasm_bindgen::prelude::*;

/// Keeps `records` under `owner`'s name, in place of those before. A refusal is not told: there is nowhere else to go.
pub fn keep(instance: &str, owner: &str, records: &[Record]) {
    let Some(storage) = local_storage() else { return };
    let name = prefix(instance) + owner;
    if records.is_empty() {
        let _ = storage.remove_item(&name);
    } else if let Ok(text) = JSON::stringify(&records.iter().map(to_object).collect::<Array>()) {
        let _ = storage.set_item(&name, &String::from(text));
    }
}

/// All that pages of this queue left, with the names to [`forget`] it by.
pub fn find(instance: &str) -> (Vec<String>, Vec<Record>) {
    let Some(storage) = local_storage() else { return Default::default() };
    let prefix = prefix(instance);
    let names = (0..storage.length().unwrap_or(0)).filter_map(|n| storage.key(n).ok().flatten());
    let names: Vec<String> = names.filter(|name| name.starts_with(&prefix)).collect();
    let texts = names.iter().filter_map(|name| storage.get_item(name).ok().flatten());
    let lists = texts.filter_map(|text| JSON::parse(&text).ok());
    let records = lists.flat_map(|list| Array::from(&list).to_vec()).filter_map(|object| {
        let key = property(&object, "key")?.as_string()?;
        Some(read(SegmentKey::from_text(key), &object))
    });
    (names.clone(), records.collect())
}

/// They are in the store now.
pub fn forget(names: &[String]) {
    if let Some(storage) = local_storage() {
        names.iter().for_each(|name| drop(storage.remove_item(name)));
    }
}

/// A record as the store and `localStorage` keep it.
pub fn to_object(record: &Record) -> Object {
    let object = Object::new();
    set(&object, "key", record.key.as_str());
    set(&object, "format", RECORD_FORMAT);
    set(&object, "at", record.at as f64);
    set(&object, "ids", record.ids.as_str());
    set(&object, "events", record.events.as_str());
    object
}

/// The record an object holds. One of another format comes out empty: the core passes over it.
pub fn read(key: SegmentKey, object: &JsValue) -> Record {
    let text = |name| property(object, name).and_then(|value| value.as_string()).unwrap_or_default();
    let known = property(object, "format").and_then(|format| format.as_f64()) == Some(RECORD_FORMAT.into());
    if known {
        let at = property(object, "at").and_then(|at| at.as_f64()).unwrap_or_default() as u64;
        Record { key, at, ids: text("ids"), events: text("events") }
    } else {
        Record { key, at: 0, ids: String::new(), events: String::new() }
    }
}

fn prefix(instance: &str) -> String {
    ["appizer:", instance, ":left:"].concat()
}
