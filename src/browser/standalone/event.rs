//! From the arguments of `track` to a line of the engine's, as the facade's `event.js` does it.

use crate::browser::environment::property;
use crate::core::model::event::Refusal;
use crate::core::model::json;
use js_sys::{Date, JSON, Object};
use wasm_bindgen::prelude::*;

/// The line without its id.
pub fn line(name: &JsValue, properties: &JsValue, overrides: &JsValue) -> Result<String, Refusal> {
    let name = name.as_string().filter(|name| !name.trim().is_empty()).ok_or(Refusal::InvalidName)?;
    let properties = read_properties(properties)?;
    let overrides = Overrides::read(overrides)?;
    Ok([&overrides.time, "\t", &json::quoted(&name), "\t", &properties, &overrides.rest].concat())
}

struct Overrides {
    time: String,
    /// `⇥ user_id ⇥ ip ⇥ ua`, or nothing.
    rest: String,
}

impl Overrides {
    fn read(given: &JsValue) -> Result<Self, Refusal> {
        if given.is_undefined() || given.is_null() {
            return Ok(Self { time: iso(&Date::new_0())?, rest: String::new() });
        }
        let known = ["userId", "ip", "ua", "time"];
        let names = given.dyn_ref::<Object>().map(Object::keys).ok_or(Refusal::InvalidOverrides)?;
        if !names.iter().all(|name| known.contains(&name.as_string().unwrap_or_default().as_str())) {
            return Err(Refusal::InvalidOverrides);
        }
        let mut rest = String::new();
        for name in ["userId", "ip", "ua"] {
            rest.push('\t');
            if let Some(value) = property(given, name) {
                let text =
                    value.as_string().filter(|text| !text.is_empty()).ok_or(Refusal::InvalidOverrides)?;
                json::push_quoted(&mut rest, &text);
            }
        }
        let time = property(given, "time").map_or_else(Date::new_0, |time| Date::new(&time));
        Ok(Self { time: iso(&time)?, rest })
    }
}

fn read_properties(given: &JsValue) -> Result<String, Refusal> {
    if given.is_undefined() || given.is_null() {
        return Ok(String::new());
    }
    if !is_plain(given) {
        return Err(Refusal::InvalidProperties);
    }
    let text = JSON::stringify(given).map_err(|_| Refusal::NotSerializable)?;
    text.as_string().ok_or(Refusal::NotSerializable)
}

/// An object literal, of this realm or another, or one without a prototype.
fn is_plain(value: &JsValue) -> bool {
    value.is_object() && {
        let prototype = Object::get_prototype_of(value);
        prototype.is_null() || Object::get_prototype_of(&prototype).is_null()
    }
}

fn iso(date: &Date) -> Result<String, Refusal> {
    if date.get_time().is_nan() { Err(Refusal::InvalidOverrides) } else { Ok(date.to_iso_string().into()) }
}
