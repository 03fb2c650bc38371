//! What the browser tells of the page's life, and what the engine hears of it.

use crate::browser::environment::unique_name;
use crate::browser::store::Answer;
use crate::core::engine::Engine;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/js/environment.js")]
extern "C" {
    /// Listens until it is told to stop.
    pub type Lifecycle;

    /// Has `answer` told of everything from now on, as [`crate::browser::store::LIFE`].
    #[wasm_bindgen(js_name = watchLife)]
    pub fn watch(answer: &Answer) -> Lifecycle;

    /// Listens no more.
    #[wasm_bindgen(method)]
    pub fn stop(this: &Lifecycle);
}

/// Hands on what happened.
pub fn tell(engine: &mut Engine, event: &str, now: u64) {
    match event {
        "pagehide" | "freeze" => engine.handle_exit(now),
        "pageshow" | "resume" => engine.handle_return(engine.projects().owner(&unique_name()), now),
        "online" => engine.handle_online(true, now),
        "offline" => engine.handle_online(false, now),
        "hidden" => engine.handle_hidden(now),
        _ => {}
    }
}
