//! The one error that `init` rejects with.

use crate::browser::environment::set;
use crate::core::policy::options::OptionError;
use js_sys::{JSON, JsString, Object, Reflect};
use wasm_bindgen::prelude::*;

/// Returns an `AppizerError` with a `code` that programs can tell apart.
pub fn error(code: &str, message: &str) -> js_sys::Error {
    let error = js_sys::Error::new(message);
    define(&error, "name", "AppizerError");
    define(&error, "code", code);
    error
}

/// Defines a member. It is not assigned: a page may have frozen `Error.prototype`.
fn define(error: &js_sys::Error, name: &str, value: &str) {
    let descriptor = Object::new();
    set(&descriptor, "value", value);
    set(&descriptor, "enumerable", name != "name");
    let _ = Reflect::define_property(error, &name.into(), &descriptor);
}

/// The error for an option that was given as `value`.
pub fn invalid_option(fault: &OptionError, value: &JsValue) -> js_sys::Error {
    let mut message = ["option \"", &fault.option, "\" "].concat();
    // A key that is nearly right is still a secret.
    let secret = fault.option == "apiKey" && !value.is_undefined();
    if secret {
        message.push_str("cannot be used");
    } else {
        let shown = JSON::stringify(value).ok().filter(|text| text.is_string());
        message.push_str("is ");
        message.push_str(&String::from(shown.unwrap_or_else(|| JsString::from("undefined"))));
    }
    message.push_str("; allowed: ");
    message.push_str(fault.allowed);
    let error = error("invalid_option", &message);
    define(&error, "option", &fault.option);
    error
}
