//! The browser's global scope, of a page or of a worker. A worker has no `Window`, but the members that are used here are the
//! same.

use js_sys::{Function, Object, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::Window;

/// The global scope. In a worker it is no `Window`: `document` and the storages are absent there.
pub fn scope() -> Window {
    js_sys::global().unchecked_into()
}

/// Returns a property that is there and neither `undefined` nor `null`.
pub fn property(object: &JsValue, name: &str) -> Option<JsValue> {
    let value = Reflect::get(object, &name.into()).ok()?;
    (!value.is_undefined() && !value.is_null()).then_some(value)
}

/// Sets a property of a plain object of ours, which cannot fail.
pub fn set(object: &Object, name: &str, value: impl Into<JsValue>) {
    let _ = Reflect::set(object, &name.into(), &value.into());
}

/// Returns a member of the document as the browser has it: an element of that name would hide it.
pub fn of_document(name: &str) -> Option<JsValue> {
    let document = scope().document()?;
    let mut prototype = Object::get_prototype_of(&document);
    while prototype.is_object() {
        let descriptor =
            Object::get_own_property_descriptor::<JsValue>(prototype.unchecked_ref(), &name.into());
        if let Some(getter) = property(&descriptor, "get") {
            return getter.unchecked_ref::<Function>().call0(&document).ok();
        }
        prototype = Object::get_prototype_of(&prototype);
    }
    None
}
