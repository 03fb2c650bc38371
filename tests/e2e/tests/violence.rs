//! The cases of violence that must never fall short: none missing, none repeated for nothing, none doubled, in any engine.
//! All cases: `cargo xtask chaos`.

e2e::hold_in_each_browser!(
    a_page_left_in_the_task_of_its_events: "leave-250",
);
