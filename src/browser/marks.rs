//! Marks in `localStorage`, beside those in the store: each engine loses one of the two with some kinds of exit.

use crate::browser::environment::{local_storage, property, set};
use crate::core::exit::Mark;
use crate::core::text;
use js_sys::{JSON, Object};
use wasm_bindgen::prelude::*;

/// Keeps `owner`'s mark.
pub fn keep(instance: &str, owner: &str, mark: &Mark) {
    if let (Some(storage), Ok(text)) = (local_storage(), JSON::stringify(&to_object(mark))) {
        let _ = storage.set_item(&name(instance, owner), &String::from(text));
    }
}

/// `owner`'s mark, if it is here.
pub fn find(instance: &str, owner: &str) -> Option<Mark> {
    let text = local_storage()?.get_item(&name(instance, owner)).ok()??;
    read(&JSON::parse(&text).ok()?)
}

/// It is decided on.
pub fn forget(instance: &str, owner: &str) {
    if let Some(storage) = local_storage() {
        let _ = storage.remove_item(&name(instance, owner));
    }
}

/// Where the last reply was a success from, as the last page remembered it.
pub fn good_link(instance: &str) -> Option<u32> {
    local_storage()?.get_item(&link_name(instance)).ok()??.parse().ok()
}

/// Remembers it for the next page.
pub fn remember_link(instance: &str, good: Option<u32>) {
    let name = link_name(instance);
    if let Some(storage) = local_storage() {
        let _ = match good {
            Some(good) => storage.set_item(&name, &decimal(good)),
            None => storage.remove_item(&name),
        };
    }
}

/// Whether the visitor has opted out.
pub fn has_opted_out(instance: &str) -> bool {
    local_storage().is_some_and(|storage| storage.get_item(&opt_out_name(instance)).ok().flatten().is_some())
}

/// Forgets all that is kept for the queue but that the visitor has opted out.
pub fn forget_all(instance: &str) {
    let Some(storage) = local_storage() else { return };
    let names: Vec<_> =
        (0..storage.length().unwrap_or(0)).filter_map(|n| storage.key(n).ok().flatten()).collect();
    let prefix = ["appizer:", instance, ":"].concat();
    for name in names.iter().filter(|name| name.starts_with(&prefix) && **name != opt_out_name(instance)) {
        let _ = storage.remove_item(name);
    }
}

/// A mark as both stores keep it.
pub fn to_object(mark: &Mark) -> Object {
    let object = Object::new();
    set(&object, "to", mark.to);
    set(&object, "ids", mark.ids.as_str());
    object
}

/// The mark an object holds.
pub fn read(object: &JsValue) -> Option<Mark> {
    let to = property(object, "to")?.as_f64()? as u32;
    Some(Mark { to, ids: property(object, "ids")?.as_string()? })
}

fn decimal(number: u32) -> String {
    let mut digits = String::new();
    text::push_padded(&mut digits, number.into(), 10);
    digits
}

fn opt_out_name(instance: &str) -> String {
    ["appizer:", instance, ":opt_out"].concat()
}

fn link_name(instance: &str) -> String {
    ["appizer:", instance, ":good_link"].concat()
}

fn name(instance: &str, owner: &str) -> String {
    ["appizer:", instance, ":mark:", owner].concat()
}
