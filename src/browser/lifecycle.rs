//! What the browser tells of the page's life, handed to the engine as it comes. A worker hears less of it.

use crate::browser::driver::Driver;
use crate::browser::environment::{self, property};
use crate::core::engine::Engine;
use std::rc::Weak;
use wasm_bindgen::prelude::*;
use web_sys::{Event, EventTarget};

const OF_THE_SCOPE: [&str; 4] = ["pagehide", "pageshow", "online", "offline"];
const OF_THE_DOCUMENT: [&str; 3] = ["visibilitychange", "freeze", "resume"];

/// Listens for as long as it lives.
pub struct Lifecycle {
    listener: Closure<dyn FnMut(Event)>,
}

impl Lifecycle {
    /// Has `driver` told of everything from now on.
    pub fn listen(driver: Weak<Driver>) -> Self {
        let listener = Closure::new(move |event: Event| {
            if let Some(driver) = driver.upgrade() {
                let good = driver.good_link();
                driver.input(|engine, now| {
                    if let Some(good) = good {
                        engine.handle_link(good);
                    }
                    tell(engine, &event.type_(), now);
                });
            }
        });
        let lifecycle = Self { listener };
        lifecycle.each(|target, event, listener| {
            drop(target.add_event_listener_with_callback(event, listener));
        });
        lifecycle
    }

    fn each(&self, act: impl Fn(&EventTarget, &str, &js_sys::Function)) {
        let listener = self.listener.as_ref().unchecked_ref();
        let scope: EventTarget = js_sys::global().unchecked_into();
        OF_THE_SCOPE.iter().for_each(|event| act(&scope, event, listener));
        if let Some(document) = property(&scope, "document") {
            OF_THE_DOCUMENT.iter().for_each(|event| act(document.unchecked_ref(), event, listener));
        }
    }
}

impl Drop for Lifecycle {
    fn drop(&mut self) {
        self.each(|target, event, listener| {
            drop(target.remove_event_listener_with_callback(event, listener));
        });
    }
}

fn tell(engine: &mut Engine, event: &str, now: u64) {
    match event {
        "pagehide" | "freeze" => engine.handle_exit(now),
        "pageshow" | "resume" => engine.handle_return(environment::unique_name(), now),
        "online" => engine.handle_online(true, now),
        "offline" => engine.handle_online(false, now),
        _ if is_hidden() => engine.handle_hidden(now),
        _ => {}
    }
}

fn is_hidden() -> bool {
    let document = property(&js_sys::global(), "document");
    let state = document.and_then(|document| property(&document, "visibilityState"));
    state.is_some_and(|state| state == "hidden")
}
