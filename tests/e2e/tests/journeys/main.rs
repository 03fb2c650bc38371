//! One file for each part of a visit; a journey's name says what holds.

mod answers;
mod autocapture;
mod bursts;
mod guide;
mod hooks;
mod identity;
mod input;
mod instances;
mod leaving;
mod old_browsers;
mod page_views;
mod privacy;
mod properties;
mod real_pages;
mod relayed;
mod restarts;
mod sessions;
mod starting;
mod stored_state;
mod tabs;
mod trouble;
mod warnings;
mod without_core;
mod without_webassembly;
