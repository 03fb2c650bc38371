//! From the options object of `init` to the core's options.

use super::error::{error, invalid_option};
use crate::browser::environment::property;
use crate::core::policy::options::{Options, Value};
use js_sys::{Array, Object};
use wasm_bindgen::prelude::*;

/// Reads and checks the options.
///
/// # Errors
/// An `AppizerError` that names the option at fault.
pub fn read(given: &JsValue) -> Result<Options, js_sys::Error> {
    if !given.is_object() {
        return Err(error("invalid_option", "init takes an object of options: init({ apiKey: \"…\" })"));
    }
    // Not `instanceof`: the object may come from another realm, a frame's or an extension's.
    let object: &Object = given.unchecked_ref();
    let entries = Object::entries(object);
    let given = entries.iter().filter_map(|entry| {
        let entry = Array::from(&entry);
        let value = entry.get(1);
        (!value.is_undefined()).then(|| (entry.get(0).as_string().unwrap_or_default(), read_value(&value)))
    });
    Options::read(given)
        .map_err(|fault| invalid_option(&fault, &property(object, &fault.option).unwrap_or_default()))
}

fn read_value(value: &JsValue) -> Value {
    if let Some(text) = value.as_string() {
        Value::Text(text)
    } else if let Some(number) = value.as_f64() {
        Value::Number(number)
    } else if Array::is_array(value) {
        let items: Option<Vec<String>> = Array::from(value).iter().map(|item| item.as_string()).collect();
        items.map_or(Value::Other, Value::List)
    } else {
        value.as_bool().map_or(Value::Other, Value::Flag)
    }
}
