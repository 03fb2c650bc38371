//! The page's life: hidden, left, frozen, come back to, without network.

use crate::browser::scope::scope;
use wasm_bindgen::prelude::*;
use web_sys::{Event, VisibilityState};

const TYPES: [&str; 7] =
    ["pagehide", "pageshow", "online", "offline", "visibilitychange", "freeze", "resume"];

/// Listens until it is told to stop.
pub struct Lifecycle(Closure<dyn Fn(Event)>);

impl Lifecycle {
    /// Calls `tell` with the type of every event from now on; that the page is hidden is `hidden`.
    pub fn watch(tell: impl Fn(&str) + 'static) -> Self {
        let watch = Self(Closure::new(move |event: Event| match event.type_().as_str() {
            "visibilitychange" if is_hidden() => tell("hidden"),
            other => tell(other),
        }));
        for event in TYPES {
            let _ = scope().add_event_listener_with_callback_and_bool(event, watch.listener(), CAPTURE);
        }
        watch
    }

    /// Listens no more.
    pub fn stop(&self) {
        for event in TYPES {
            let _ = scope().remove_event_listener_with_callback_and_bool(event, self.listener(), CAPTURE);
        }
    }

    fn listener(&self) -> &js_sys::Function {
        self.0.as_ref().unchecked_ref()
    }
}

/// On its way to the document an event comes by the scope, whether or not it goes back up.
const CAPTURE: bool = true;

/// Returns true if the page is hidden.
pub fn is_hidden() -> bool {
    scope().document().is_some_and(|document| document.visibility_state() == VisibilityState::Hidden)
}
