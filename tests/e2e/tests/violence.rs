//! The cases of violence that must never fall short: none missing, none doubled, and none repeated where a mark or a reply
//! tells. What pages that are left and tabs that are closed do is with the journeys; all cases: `cargo xtask chaos`.

e2e::hold!(
    a_page_left_over_a_slow_network: "leave-slow"
        in Chromium in_chromium, Firefox in_firefox, WebKit in_webkit;
    a_page_left_with_large_events: "big"
        in Chromium in_chromium, Firefox in_firefox, WebKit in_webkit;
    a_page_left_without_any_storage: "no-storage"
        in Chromium in_chromium, Firefox in_firefox, WebKit in_webkit;
    // Chromium says that there is no room some milliseconds later, to a page that may be gone.
    a_page_left_with_no_room_for_what_outlives_it: "quota" in Firefox in_firefox, WebKit in_webkit;
    a_page_left_after_a_500: "status-500"
        in Chromium in_chromium, Firefox in_firefox, WebKit in_webkit;
    a_page_left_after_a_429: "status-429"
        in Chromium in_chromium, Firefox in_firefox, WebKit in_webkit;
    a_page_left_after_answers_that_were_cut: "cut"
        in Chromium in_chromium, Firefox in_firefox, WebKit in_webkit;
    three_tabs_of_an_endpoint_that_was_down: "three-tabs"
        in Chromium in_chromium, Firefox in_firefox, WebKit in_webkit;
    a_browser_that_is_killed: "kill-300"
        in Chromium in_chromium, Firefox in_firefox, WebKit in_webkit;
    // The others cannot: Case::not_run says why.
    a_browser_that_is_quit: "quit" in Chromium in_chromium, Firefox in_firefox;
    a_page_that_crashes: "crash" in Chromium in_chromium;
    // Firefox and WebKit repeat: docs/reliability.md says why.
    a_tab_that_closes_itself: "close-itself" in Chromium in_chromium;
);
