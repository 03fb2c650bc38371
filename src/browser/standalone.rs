//! The functions of a plain `wasm-pack build`: one tracker for the module, with the facade's names. Unlike the
//! facade they exist only once the module is instantiated.

mod error;
mod event;
pub mod options;

use crate::browser::environment;
use crate::browser::exports::Core;
use crate::browser::scope::{property, set};
use crate::browser::store;
use crate::core::model::event::Refusal;
use crate::core::policy::limits;
use error::error;
use js_sys::{Function, Object, Promise};
use std::cell::RefCell;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::console;

#[derive(Default)]
struct Module {
    core: Option<Core>,
    page: String,
    tracked: u32,
    /// Tracked events that the core does not have yet, one line each.
    lines: Vec<String>,
    listeners: Vec<(u32, String, Function)>,
    last_listener: u32,
    /// Warnings already printed.
    warned: Vec<String>,
}

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = include_str!("standalone/types.d.ts");

thread_local! {
    static MODULE: RefCell<Module> = RefCell::default();
}

/// Starts the tracker; resolves when the queue is open.
///
/// # Errors
/// Rejects with an `AppizerError` that names the option at fault, or says that `init` was called before.
#[wasm_bindgen(unchecked_return_type = "Promise<void>")]
pub fn init(#[wasm_bindgen(unchecked_param_type = "Options")] options: JsValue) -> Promise {
    Promise::new(&mut |resolve, reject| {
        let listener = Closure::<dyn FnMut(JsValue)>::new(move |notice: JsValue| {
            if property(&notice, "type").is_some_and(|kind| kind == "opened") {
                let _ = resolve.call0(&JsValue::UNDEFINED);
            }
            if let Some(fallback) = property(&notice, "fallback").and_then(|fallback| fallback.as_string()) {
                warn(&fallback, &["it goes on with less: ", &fallback].concat());
            }
            notify(&notice);
        });
        match start(&options, listener.into_js_value().unchecked_into()) {
            Ok(()) => hand_over(),
            Err(error) => drop(reject.call1(&JsValue::UNDEFINED, &error)),
        }
    })
}

/// Queues an event: its id, or `undefined` if it was refused. Never throws.
#[wasm_bindgen]
pub fn track(
    #[wasm_bindgen(unchecked_param_type = "string")] name: &JsValue,
    #[wasm_bindgen(unchecked_optional_param_type = "Properties")] properties: &JsValue,
    #[wasm_bindgen(unchecked_optional_param_type = "Overrides")] overrides: &JsValue,
) -> Option<String> {
    let queued = event::line(name, properties, overrides).and_then(|line| queue(&line));
    queued.map_err(refuse).ok()
}

/// Names the user from now on.
#[wasm_bindgen]
pub fn identify(user_id: String) {
    with_core(|core| core.identify(user_id));
}

/// Forgets the user and takes a new anonymous id.
#[wasm_bindgen]
pub fn reset() {
    with_core(|core| core.reset(environment::unique_name()));
}

/// Sends what was tracked before; resolves with a `FlushResult`, or with `undefined` before `init`.
#[wasm_bindgen(unchecked_return_type = "Promise<FlushResult | undefined>")]
pub fn flush() -> Promise {
    ask(Core::flush)
}

/// Resolves with `Stats`, or with `undefined` before `init`.
#[wasm_bindgen(unchecked_return_type = "Promise<Stats | undefined>")]
pub fn stats() -> Promise {
    ask(Core::stats)
}

/// Resolves with the dead letters, or with `undefined` before `init`.
#[wasm_bindgen(js_name = deadLetters, unchecked_return_type = "Promise<DeadLetter[] | undefined>")]
pub fn dead_letters() -> Promise {
    ask(Core::dead_letters)
}

/// Sends the dead letters again, with their ids; resolves with their number, or with `undefined` before `init`.
#[wasm_bindgen(js_name = resendDeadLetters, unchecked_return_type = "Promise<number | undefined>")]
pub fn resend_dead_letters() -> Promise {
    ask(|core, settle| core.dispose_of_letters(settle, true))
}

/// Forgets the dead letters; resolves with their number, or with `undefined` before `init`.
#[wasm_bindgen(js_name = discardDeadLetters, unchecked_return_type = "Promise<number | undefined>")]
pub fn discard_dead_letters() -> Promise {
    ask(|core, settle| core.dispose_of_letters(settle, false))
}

/// Stops for good. What is left is sent by the next page.
#[wasm_bindgen]
pub fn close() {
    with_core(Core::close);
}

/// Calls `listener` for every notice of the type, until the returned function is called.
#[wasm_bindgen(skip_typescript)]
pub fn on(kind: String, listener: Function) -> Function {
    let id = MODULE.with_borrow_mut(|module| {
        module.last_listener += 1;
        module.listeners.push((module.last_listener, kind, listener));
        module.last_listener
    });
    let forget = move || MODULE.with_borrow_mut(|module| module.listeners.retain(|(of, _, _)| *of != id));
    Closure::<dyn Fn()>::new(forget).into_js_value().unchecked_into()
}

/// A promise of what `question` settles with, or of `undefined` before `init`.
fn ask(question: impl Fn(&Core, Function)) -> Promise {
    Promise::new(&mut |resolve, _| {
        if with_core(|core| question(core, resolve.clone())).is_none() {
            let _ = resolve.call0(&JsValue::UNDEFINED);
        }
    })
}

fn start(options: &JsValue, listener: Function) -> Result<(), js_sys::Error> {
    if MODULE.with_borrow(|module| module.core.is_some()) {
        return Err(error("already_initialized", "init was called before"));
    }
    let core =
        Core::start(options::read(options)?, environment::unique_name(), listener, Box::new(store::make));
    MODULE.with_borrow_mut(|module| module.core = Some(core));
    Ok(())
}

/// Adds a line to the task's, to be handed over at its end in one piece.
fn queue(line: &str) -> Result<String, Refusal> {
    MODULE.with_borrow_mut(|module| {
        if module.core.is_none() && module.lines.len() == limits::MAX_HELD_EVENTS {
            return Err(Refusal::TooManyHeld);
        }
        if module.page.is_empty() {
            module.page = environment::unique_name();
        }
        module.tracked += 1;
        let id = [&module.page, "-", &module.tracked.to_string()].concat();
        if module.lines.is_empty() {
            spawn_local(async { hand_over() });
        }
        module.lines.push([&id, "\t", line].concat());
        Ok(id)
    })
}

fn hand_over() {
    with_core(|_| ());
}

/// Calls the core, after it has been given what was tracked before. It borrows nothing of this module while it
/// works: a listener of the page may call back.
fn with_core<T>(act: impl FnOnce(&Core) -> T) -> Option<T> {
    let (core, lines) = MODULE.with_borrow_mut(|module| {
        let core = module.core?;
        Some((core, std::mem::take(&mut module.lines)))
    })?;
    if !lines.is_empty() {
        core.track(lines.join("\n"));
    }
    Some(act(&core))
}

/// Refusals that the core reports by code.
const FOUND_BY_THE_CORE: [Refusal; 5] =
    [Refusal::InvalidName, Refusal::InvalidProperties, Refusal::TooLarge, Refusal::Closed, Refusal::OptedOut];

fn notify(notice: &JsValue) {
    let kind = property(notice, "type").and_then(|kind| kind.as_string()).unwrap_or_default();
    let code = property(notice, "code").unwrap_or_default();
    if let Some(refusal) = FOUND_BY_THE_CORE.into_iter().find(|refusal| code == refusal.as_str()) {
        set(notice.unchecked_ref(), "message", refusal.message());
    }
    let concerned = MODULE.with_borrow(|module| {
        let concerned = module.listeners.iter().filter(|(_, of, _)| *of == kind);
        concerned.map(|(_, _, listener)| listener.clone()).collect::<Vec<_>>()
    });
    for listener in concerned {
        let _ = listener.call1(&JsValue::UNDEFINED, notice);
    }
}

fn refuse(refusal: Refusal) {
    let (code, message) = (refusal.as_str(), refusal.message());
    // Opting out is nobody's mistake.
    if refusal != Refusal::OptedOut {
        warn(code, &["an event was refused (", code, "): ", message].concat());
    }
    let notice = Object::new();
    set(&notice, "type", "rejected");
    set(&notice, "code", code);
    set(&notice, "message", message);
    notify(&notice.into());
}

/// Tells the console, once for each cause.
fn warn(cause: &str, message: &str) {
    let is_news = MODULE.with_borrow_mut(|module| {
        let is_news = !module.warned.iter().any(|warned| warned == cause);
        module.warned.extend(is_news.then(|| cause.into()));
        is_news
    });
    if is_news {
        console::warn_1(&["appizer: ", message].concat().into());
    }
}
