use super::*;
use proptest::prelude::*;

fn at(now: u64) -> Clocks {
    Clocks { now, wall: now }
}

fn ask(row: &mut Option<String>, want: u32, per_minute: u32, now: u64) -> Granted {
    share(
        row,
        &Share { id: 1, to: 7, clocks: at(now), want, per_minute: Some(per_minute), ..Share::default() },
    )
}

fn tell(row: &mut Option<String>, news: News, now: u64) -> Shared {
    let share_of =
        Share { id: 1, to: 7, clocks: at(now), per_minute: Some(100), news: Some(news), ..Share::default() };
    share(row, &share_of).shared
}

fn share(row: &mut Option<String>, share: &Share) -> Granted {
    let (written, granted) = update(row.as_deref(), share);
    *row = written.or(row.take());
    granted
}

fn failed(status: u16) -> News {
    News::Failed(Failure { status, ..Failure::default() })
}

proptest! {
    /// And a tenth of it is left for pages that go away.
    #[test]
    fn no_minute_holds_more_requests_than_the_limit(
        limit in 1_u32..300, asks in prop::collection::vec((0_u64..30_000, 1_u32..20), 1..200)
    ) {
        let (mut row, mut now, mut sent) = (None, 1_000_000, Vec::new());
        for (pause, want) in asks {
            now += pause;
            let granted = ask(&mut row, want, limit, now);
            prop_assert!(granted.tokens > 0 || granted.ask_at > now);
            sent.extend((0..granted.tokens).map(|_| now));
            let minute = sent.iter().filter(|&&at| at + MINUTE > now).count();
            prop_assert!(minute as u32 <= limit.max(2) - limit / limits::EXIT_PART, "{} of {}", minute, limit);
        }
    }

    #[test]
    fn a_page_that_asks_when_it_is_told_to_gets_a_token(limit in 1_u32..300, now in 0_u64..1 << 41) {
        let mut row = None;
        while ask(&mut row, 3, limit, now).tokens > 0 {}
        let later = ask(&mut row, 1, limit, now).ask_at;
        prop_assert_eq!(ask(&mut row, 1, limit, later).tokens, 1);
    }

    #[test]
    fn a_wait_is_never_shorter_than_asked_nor_longer_than_any_may_be(
        failures in prop::collection::vec((prop_oneof![Just(429), 0_u16..600], prop::option::of(0_u64..10_000_000), any::<u32>()), 1..40)
    ) {
        let (mut row, now) = (None, 1_000_000);
        for (status, retry_after, jitter) in failures {
            let shared = tell(&mut row, News::Failed(Failure { status, retry_after, jitter, offline: false }), now);
            let wait = shared.blocked_until(now).unwrap_or(now) - now;
            let silent = shared.cause() == Some(Cause::Unreachable);
            let least = if silent { limits::UNREACHABLE_WAIT / 2 } else { retry_after.unwrap_or(0) };
            prop_assert!((least.min(limits::MAX_RETRY_AFTER)..=limits::LONGEST_WAIT).contains(&wait), "{}", wait);
        }
    }

    #[test]
    fn a_row_reads_back_as_it_was_written(
        numbers in prop::collection::vec(0_u64..1 << 40, 3), failures in 0_u32..9, stretch in PLAIN..PLAIN * limits::MAX_STRETCH
    ) {
        let row = Shared {
            millitokens: numbers[0], refilled: numbers[1], blocked_until: numbers[2], asked_until: numbers[2], failures, stretch,
            cause: Some(Cause::BadResponse), limited: true, formerly: vec![7, u32::MAX],
            last_error: Some(LastError { status: 404, message: "no such path".into() }), ..Shared::new(u32::MAX, None, 0)
        };
        prop_assert_eq!(Shared::read(&row.row()), Some(row));
    }

    #[test]
    fn no_row_makes_the_reader_panic(row in "(2|3)[ \n0-9a-z]{0,99}", now in any::<u32>(), want in any::<u32>()) {
        let news = Some(failed(429));
        let share = Share { id: 1, to: 7, clocks: at(now.into()), want, per_minute: Some(100), news, ..Share::default() };
        let (written, _) = update(Some(&row), &share);
        prop_assert_eq!(written.is_none(), !row.starts_with(row::FORMAT));
    }
}

#[test]
fn while_requests_fail_one_page_at_a_time_tries() {
    let mut row = None;
    let until = tell(&mut row, failed(503), 0).blocked_until(0).unwrap_or(0);
    let first = ask(&mut row, 5, 100, until);
    let second = ask(&mut row, 5, 100, until);
    assert_eq!((first.tokens, second.tokens, second.ask_at), (1, 0, until + limits::REQUEST_TIMEOUT));
    tell(&mut row, News::Answered, until + 10);
    assert_eq!(ask(&mut row, 5, 100, until + 10).tokens, 5);
}

#[test]
fn a_pause_is_one_try_an_hour_for_the_whole_browser() {
    let mut row = None;
    let mut tries = 0;
    tell(&mut row, News::Forbidden, 0);
    for minute in 0..600 {
        if ask(&mut row, 1, 100, minute * MINUTE).tokens > 0 {
            tell(&mut row, News::Forbidden, minute * MINUTE);
            tries += 1;
        }
    }
    assert_eq!(tries, 9);
}

#[test]
fn another_key_or_endpoint_is_not_held_back() {
    let mut row = None;
    tell(&mut row, News::Forbidden, 0);
    assert_eq!(ask(&mut row, 1, 100, 1).tokens, 0);
    let other = Share { id: 1, to: 8, clocks: at(1), want: 1, per_minute: Some(100), ..Share::default() };
    assert_eq!(share(&mut row, &other).tokens, 1);
}

#[test]
fn a_429_widens_the_interval_and_successes_narrow_it_step_by_step() {
    let mut row = None;
    let half = u32::MAX / 2;
    let interval = |shared: &Shared| shared.stretched(10_000, half) / 1_000;
    let widened: Vec<_> = (0..8).map(|_| interval(&tell(&mut row, failed(429), 0))).collect();
    assert_eq!(widened, [39, 159, 639, 1279, 1279, 1279, 1279, 1279]);
    let narrowed: Vec<_> = (0..70).map(|_| interval(&tell(&mut row, News::Answered, 0))).collect();
    assert!(narrowed.is_sorted_by(|wide, narrow| wide >= narrow) && narrowed[69] == 10, "{narrowed:?}");
}

#[test]
fn in_a_crowd_the_next_try_waits_for_the_widened_interval_whatever_failed() {
    for status in [429, 503, 0] {
        let mut row = None;
        tell(&mut row, failed(429), 0);
        let late = Failure { status, jitter: u32::MAX, ..Failure::default() };
        let wait = tell(&mut row, News::Failed(late), 0).blocked_until(0);
        assert!(wait >= Some(70_000), "{status}: {wait:?}");
    }
}

#[test]
fn a_server_that_says_when_to_come_back_is_not_kept_waiting_for_the_crowd() {
    let asks = Failure { status: 429, retry_after: Some(1_000), jitter: u32::MAX, offline: false };
    let wait = tell(&mut None, News::Failed(asks), 0).blocked_until(0);
    assert!(wait <= Some(1_000 + limits::BACKOFF_BASE), "{wait:?}");
}

#[test]
fn at_exit_a_wait_for_the_crowd_holds_nobody_back_but_what_the_server_asked_for_does() {
    let mut row = None;
    let limited = tell(&mut row, failed(429), 0);
    assert!(limited.blocked_until(1).is_some() && limited.admits_exit(1, u32::MAX));
    let asks = Failure { status: 429, retry_after: Some(5_000), jitter: 0, offline: false };
    let asked = tell(&mut row, News::Failed(asks), 0);
    assert_eq!([4_999, 5_000].map(|now| asked.admits_exit(now, 0)), [false, true]);
    assert!(!tell(&mut row, News::Forbidden, 6_000).admits_exit(7_000, 0));
}

#[test]
fn without_any_answer_it_counts_as_a_block_until_the_network_comes_back() {
    let mut row = None;
    let causes: Vec<_> = (0..limits::MAX_SILENT).map(|_| tell(&mut row, failed(0), 0).cause()).collect();
    assert!(causes[..causes.len() - 1].iter().all(Option::is_none));
    assert_eq!(causes.last(), Some(&Some(Cause::Unreachable)));
    assert_eq!(tell(&mut row, News::Online, 1).blocked_until(1), None);
    tell(&mut row, News::Forbidden, 1);
    assert!(tell(&mut row, News::Online, 2).blocked_until(2).is_some());
}

#[test]
fn neither_a_failure_nor_a_success_of_another_request_shortens_what_the_server_asked_for() {
    for news in [failed(500), News::Answered, News::Online] {
        let mut row = None;
        let asks = Failure { status: 503, retry_after: Some(600_000), jitter: 0, offline: false };
        tell(&mut row, News::Failed(asks), 0);
        assert_eq!(tell(&mut row, news, 1).blocked_until(1), Some(600_000), "{news:?}");
    }
}

#[test]
fn an_answer_between_failures_without_any_is_no_block() {
    let mut row = None;
    for n in 0..50 {
        let status = if n % 4 == 3 { 500 } else { 0 };
        assert_eq!(tell(&mut row, failed(status), 0).cause(), None);
    }
}

#[test]
fn answers_that_are_not_the_endpoints_pause_after_some() {
    let mut row = None;
    let malformed = News::Malformed(Failure { status: 200, ..Failure::default() });
    let causes: Vec<_> = (0..limits::MAX_MALFORMED).map(|_| tell(&mut row, malformed, 0).cause()).collect();
    assert_eq!(causes.iter().filter(|cause| cause.is_some()).count(), 1);
    assert_eq!(causes.last(), Some(&Some(Cause::BadResponse)));
}

#[test]
fn a_wait_written_by_a_clock_that_was_set_back_since_lasts_as_long_as_it_was_meant_to() {
    for (status, retry_after, longest) in [(503, Some(5_000), 6_000), (401, None, limits::PAUSE)] {
        let mut row = None;
        let failure = Failure { status, retry_after, jitter: u32::MAX, offline: false };
        let news = if status == 401 { News::Forbidden } else { News::Failed(failure) };
        tell(&mut row, news, 1 << 41);
        let granted = ask(&mut row, 1, 100, 5_000);
        assert_eq!(granted.ask_at, 5_000 + longest, "{status}");
        assert_eq!(ask(&mut row, 1, 100, granted.ask_at).tokens, 1);
    }
}

#[test]
fn a_page_that_insists_waits_only_for_what_the_server_asked_for() {
    let asks =
        |status, retry_after| News::Failed(Failure { status, retry_after, jitter: u32::MAX, offline: false });
    for (news, held_until) in [
        (News::Forbidden, 0),
        (asks(0, None), 0),
        (asks(503, None), 0),
        (asks(503, Some(5_000)), 5_000),
        (asks(429, Some(5_000)), 5_000 + limits::BACKOFF_BASE),
    ] {
        let mut row = None;
        tell(&mut row, news, 0);
        let insists =
            Share { id: 1, to: 7, want: 1, insists: true, per_minute: Some(100), ..Share::default() };
        let granted = share(&mut row, &insists);
        assert_eq!(
            (granted.tokens, granted.shared.held_until()),
            (u32::from(held_until == 0), held_until),
            "{news:?}"
        );
    }
    // Nobody could read how long a 429 wants browsers to wait.
    let mut row = None;
    let limited = tell(&mut row, asks(429, None), 0);
    assert_eq!(Some(limited.held_until()), limited.blocked_until(0));
}

#[test]
fn silence_is_no_block_while_the_browser_says_that_it_has_no_network() {
    let mut row = None;
    let offline = News::Failed(Failure { offline: true, ..Failure::default() });
    assert!((0..50).all(|_| tell(&mut row, offline, 0).cause().is_none()));
}
